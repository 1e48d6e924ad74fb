"""What comes from outside, made up by hypothesis or atheris, against each parser of it.

inputs    strategies: events, paths, parameters, headers, bodies
targets   one function for each parser, which fails if anything but the documented outcome comes
"""
