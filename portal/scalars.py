"""What every file that a curator writes is made of: a frozen model, and texts of bounded length."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from portal import spelling

Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=1_000)]
Curie = Annotated[str, AfterValidator(spelling.curie)]
Doi = Annotated[str, AfterValidator(spelling.doi)]
Url = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(spelling.http)]
RelPath = Annotated[str, StringConstraints(min_length=1, max_length=1_000), AfterValidator(spelling.below)]
ContentPath = Annotated[str, StringConstraints(min_length=1, max_length=1_000), AfterValidator(spelling.below_content)]
Positive = Annotated[float, Field(gt=0)]
Amount = Annotated[int, Field(ge=0, le=10**15)]


class Model(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
