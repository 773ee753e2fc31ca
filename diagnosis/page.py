"""What a page asks of this room; everything that is returned is in `diagnosis.contract`.

    root = Path("runs/evaluations")
    list_evaluations(root)                      newest first, without reading any episode
    matrix(root, id)                            columns of all episodes
    find_events(root, id, progress)             looks for events in episodes that were not looked at yet, and keeps them
    episode(root, id, number)                   detail of a cell
    replay(root, id, number)                    its states, bit for bit, for the live view (`scenes.env.set_state`)
    film(root, id, number, steps)               pictures
    to_rerun(root, id, number, path)            an .rrd of the episode with markers
    compare(root, before, after)                two evaluations
    diagnose(root, id, numbers, progress)       verdicts, kept

`id` may be shortened to whatever is unique. All raise `EvaluationError` with one sentence that names the fix.
"""
