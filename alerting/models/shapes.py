"""The shape of what a vital sign may do to the score: knots by hand, rises between them to be fitted, directions kept.

An effect is a broken line over `knots`, level outside of them and zero at `reference`, where a healthy adult at rest
lies; so a value that is not known has the effect of a normal one. Knots stand where physiology and NEWS2 place them,
not where one data set has its quantiles. `Direction` holds what no data may contradict: less oxygen is never better.
Not here: fitting (`fit`), data (`datasets`).
"""
