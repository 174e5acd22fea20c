"""The one mechanism: a content-addressed step. Knows no model: plain values in, trees of bytes out."""
