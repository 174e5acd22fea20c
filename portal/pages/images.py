"""Image pages: every image outside plates, and those that a curator features; each with a page for frames of other pages."""

from __future__ import annotations

import json

from portal import addresses
from portal.engine.step import Work, recipe
from portal.facts import ImageFacts, StudyFacts
from portal.pages import cite, embed, exact, pictures
from portal.pages.licences import licence
from portal.pages.open_with import ways
from portal.pages.pairs import pairs_of
from portal.pages.render import Crumb, Page, Site, opened, read


@recipe("code")
def images(work: Work) -> dict[str, bytes]:
    """`images/<id>/` and `embed/<id>/`. Inputs after templates and frame: the study's facts.json."""
    site = opened(work)
    facts = StudyFacts.model_validate_json(read(work, "facts.json"))
    study = facts.study
    terms = licence(study.licence, study.licence_url)
    words = cite.in_words(cite.references(study, site.frame)[0])
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
                scripts=("image",),
                one_script=True,
                description=f"{pictures.described(image)}, from {study.accession}: {study.title}"[:300],
                crumbs=tuple(crumbs),
                here=image.name,
                connect=exact.origins([image]),
            )
            out |= site.page(
                "image.html",
                page,
                study=study,
                image=image,
                licence=terms,
                lines=pictures.size_line(image),
                info=f"{image.tiles.rstrip('/')}/info.json",
                alt=pictures.described(image),
                place=addresses.sample(study.accession, image.component, image.container, image.sample or "")
                if image.container and image.sample
                else place,
                place_kind=kind.capitalize(),
                pairs=(pairs := pairs_of(image, study, its, part.images)),
                laid=json.dumps([p.told(page.link) for p in pairs]),
                exact=exact.told(page, image),
                zarr=(zarr := _zarr(site, image)),
                ways=ways(zarr or "", image.name),
                embedded=addresses.embed(image.id),
                frame_code=embed.frame_of(site.absolute(addresses.embed(image.id)) or addresses.embed(image.id), image.name),
                oembed=site.absolute(addresses.embed(image.id) + embed.OEMBED) or "",
                page_data={
                    "cited": {"study": study.accession, "title": study.title, "words": words, "licence": terms.name if terms else ""}
                },
            )
            out |= embed.of_image(site, study, image, terms.name if terms else "", pictures.described(image))
    return out


def _zarr(site: Site, image: ImageFacts) -> str | None:
    """Where the image's OME-Zarr is: absolute where that can be said, else below the site; None where none is published."""
    if image.zarr is None or image.zarr.startswith(("https://", "http://")):
        return image.zarr
    return site.absolute(image.zarr) or image.zarr
