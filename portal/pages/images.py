"""Image pages: every image outside plates, and those that a curator features."""

from __future__ import annotations

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import StudyFacts
from portal.pages import pictures
from portal.pages.licences import licence
from portal.pages.render import Crumb, Page, opened, read


@recipe("code")
def images(work: Work) -> dict[str, bytes]:
    """`images/<id>/`. Inputs after templates and frame: the study's facts.json."""
    site = opened(work)
    facts = StudyFacts.model_validate_json(read(work, "facts.json"))
    study = facts.study
    out: dict[str, bytes] = {}
    for part in facts.images:
        for image in part.images:
            its = next((c for c in facts.components if c.component == image.component), None)
            if not pictures.has_page(image, its):
                continue
            crumbs = [
                Crumb("Studies", addresses.STUDIES),
                Crumb(study.accession, addresses.study(study.accession)),
                Crumb(image.component, addresses.component(study.accession, image.component)),
            ]
            place = addresses.container(study.accession, image.component, image.container) if image.container else ""
            if image.container:
                crumbs.append(Crumb(image.container, place))
            kind = next((c.kind for c in its.containers if c.name == image.container), "dataset") if its else "dataset"
            page = Page(
                address=addresses.image(image.id),
                title=f"{image.name} · {study.accession}",
                kind="image",
                style="pictures",
                scripts=("viewer",),
                description=f"{pictures.described(image)}, from {study.accession}: {study.title}"[:300],
                crumbs=tuple(crumbs),
                here=image.name,
            )
            out |= site.page(
                "image.html",
                page,
                study=study,
                image=image,
                licence=licence(study.licence, study.licence_url),
                lines=pictures.size_line(image),
                info=f"{image.tiles.rstrip('/')}/info.json",
                alt=pictures.described(image),
                place=addresses.sample(study.accession, image.component, image.container, image.sample or "")
                if image.container and image.sample
                else place,
                place_kind=kind.capitalize(),
            )
    return out
