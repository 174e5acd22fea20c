"""Where the samples of a component were taken: the places of their coordinates, with how many samples each."""

from __future__ import annotations

from portal.engine.step import Work, recipe
from portal.spots import Holder, Placed, Spot
from portal.warehouse.parquet import connect, literal


@recipe("code")
def placed(work: Work, *, study: str, component: str, kind: str) -> dict[str, bytes]:
    """`placed/<study>/<component>.json` (Placed), spots from north to south; nothing where no sample has coordinates.

    Input: {samples.parquet} of the component's `samples` step.
    """
    source = literal(str(work.inputs[0].path("samples.parquet")))
    with connect(work.scratch) as con:
        con.execute(f"CREATE VIEW placed AS SELECT * FROM read_parquet({source}) WHERE latitude IS NOT NULL AND longitude IS NOT NULL")
        found = con.execute(
            "SELECT latitude, longitude, count(*) FILTER (WHERE control_type IS NULL), count(control_type), "
            "count(*) FILTER (WHERE has_phenotype AND control_type IS NULL) "
            "FROM placed GROUP BY ALL ORDER BY latitude DESC, longitude"
        ).fetchall()
        if not found:
            return {}
        held: dict[tuple[float, float], list[Holder]] = {}
        for latitude, longitude, container, samples in con.execute(
            "SELECT latitude, longitude, container, count(*) FROM placed GROUP BY ALL ORDER BY container"
        ).fetchall():
            held.setdefault((latitude, longitude), []).append(Holder(container=container, samples=samples))
        ((elsewhere,),) = con.execute(f"SELECT count(*) FROM read_parquet({source}) WHERE latitude IS NULL OR longitude IS NULL").fetchall()
    spots = tuple(
        Spot(
            latitude=latitude, longitude=longitude, samples=samples, controls=controls, with_phenotype=seen,
            holders=tuple(held[latitude, longitude]),
        )
        for latitude, longitude, samples, controls, seen in found
    )  # fmt: skip
    told = Placed.model_validate({"study": study, "component": component, "kind": kind, "elsewhere": elsewhere, "spots": spots})
    return {f"placed/{study}/{component}.json": told.model_dump_json().encode()}
