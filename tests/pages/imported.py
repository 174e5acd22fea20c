"""A small import, rebuilt by hand: a text of keys, a library with a processed table, an annotation table and files that were left."""

from __future__ import annotations

from collections.abc import Callable

from portal.ledger import (
    Column,
    Comparison,
    Component,
    Difference,
    Joined,
    KeyBlock,
    KeyLine,
    Ledger,
    Lines,
    Outcome,
    Overview,
    SourceFile,
    Table,
)

SHA = "0" * 64


def ledger(t: Callable[[str], str] = str, *, left: int = 3, columns: int = 4) -> Ledger:
    """What an import of `tst0001` says. `t` is put over every free text, `left` files stayed behind, the library has `columns` columns.

    It adds up: 4 + `left` files, 6 entries, 384 + 12 + 384 rows.
    """
    library = (
        Column(name=t("Plate"), filled=384, empty=0, to="plate"),
        Column(name=t("Well"), filled=384, empty=0, to="well"),
        Column(name=t("Gene Symbol"), filled=340, empty=44, to=t("gene.symbol"), split=";"),
        *(Column(name=t(f"Channel {n}"), filled=1 + n % 384, empty=383 - n % 384) for n in range(columns - 3)),
    )
    processed = (
        Column(name=t("Gene Symbol"), filled=12, empty=0, to="key"),
        Column(name=t("Phenotype 1"), filled=5, empty=7, to=t("phenotype: round cell")),
    )
    annotation = (Column(name=t("Plate"), filled=384, empty=0), Column(name=t("Well"), filled=380, empty=4))
    component = Component(
        name="screenA",
        kind="screen",
        samples=384,
        joined_on=t("Gene Symbol"),
        join=Joined(keys=12, samples=40, unmatched=2, repeated=0),
        phenotypes_declared=2,
        phenotype_columns=1,
        no_value=(t("NA"),),
        comparison=Comparison(
            file=t("annotation.csv"),
            rows=384,
            rows_met=382,
            both=382,
            only_joined=2,
            only_annotation=2,
            repeated=0,
            differences=(Difference(what=t("another gene"), samples=3, examples=(t("plate1/A1: PLK1 / PLK2"),)),),
        ),
        notes=(t("Two columns are called alike."),),
    )
    return Ledger(
        importer="idr",
        source=t("tst0001-fuchs-cellmorph"),
        accession="tst0001",
        title=t("Clustering phenotype populations"),
        files=(
            SourceFile(path="study.txt", bytes=9_000, role="study.txt", fate="mapped"),
            SourceFile(path="screenA/library.txt", bytes=80_000, role="library", fate="copied", sha256=SHA, to=("screenA/library.txt",)),
            SourceFile(path="screenA/processed.txt", bytes=900, role="processed", fate="copied", sha256=SHA, to=("screenA/processed.txt",)),
            SourceFile(path="screenA/annotation.csv", bytes=70_000, role="annotation", fate="compared", sha256=SHA),
            *(
                SourceFile(
                    path=t(f"screenA/features-{n}.txt"), bytes=1_000, role=t("feature table"), fate="left",
                    why=t("features are not imported"), lines=20, columns=7,
                )
                for n in range(left)
            ),
        ),
        lines=Lines(path="study.txt", total=11, entries=6, continued=1, blank=2, comments=1, left=1),
        keys=(
            KeyBlock(
                entries=(
                    KeyLine(line=1, key=t("Study Title"), values=1, fate="mapped", to="title"),
                    KeyLine(line=2, key=t("Study Key"), values=1, fate="kept"),
                    KeyLine(line=3, key=t("Study DOI"), values=0, fate="empty", hints=1),
                )
            ),
            KeyBlock(
                component="screenA",
                entries=(
                    KeyLine(line=6, key=t("Screen Name"), values=1, fate="mapped", to="name"),
                    KeyLine(line=7, key=t("Phenotype Name"), values=3, fate="kept", to=t("phenotypes.name")),
                    KeyLine(line=9, key=t("Screen Comments"), values=0, fate="empty"),
                ),
            ),
        ),
        tables=(
            Table(component="screenA", path="screenA/library.txt", role="library, samples", encoding="utf-8", rows=384, rows_used=384,
                  rows_left=0, columns=library, said=(t("1 blank line"),)),
            Table(component="screenA", path="screenA/processed.txt", role="processed, joined", encoding="mac-roman", rows=12, rows_used=10,
                  rows_left=2, left=(t("WDR21A"), t("POLR3")), columns=processed),
            Table(component="screenA", path="screenA/annotation.csv", role="annotation, compared", encoding="utf-8", rows=384,
                  rows_used=382, rows_left=2, left=(t("plate9/A1"),), columns=annotation),
        ),
        components=(component, Component(name="screenB", kind="screen", missing=t("The library file was never deposited."))),
        notes=(t("Person 2 has no last name."),),
        problems=(t("study.yaml:3: has no licence"),),
    )  # fmt: skip


def overview(t: Callable[[str], str] = str) -> Overview:
    return Overview(
        importer="idr",
        sources=(
            Outcome(source=t("tst0001-fuchs-cellmorph"), outcome="imported", accession="tst0001"),
            Outcome(source=t("tst0007-elsewhere"), outcome="imported", accession="tst0007"),
            Outcome(source=t("tst0009-broken"), outcome="refused", reason=t("study.txt names no accession")),
        ),
    )
