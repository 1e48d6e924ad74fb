"""Hostile files, made on the fly, and what each costs the functions that meet it.

catalog     every bomb by its name; the families are in png, gif, jpeg, tiff, webp, bmp, heif and icc
functions   runs one file through InspectOriginalFunction and ResizeFunction as Lambda would
worker      the process that stands for one of these functions

`./scripts/bench bombs` prints the table of docs/bombs.md.
"""
