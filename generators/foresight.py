"""The Bayes chances of the customers, for judging models; they go to the truth files and to no table."""

from __future__ import annotations

import datetime as dt

import polars as pl

from generators.bayes import HORIZON_DAYS, observe, p_star
from generators.people import build_block, count_blocks, customer_id
from generators.running import Workspace
from generators.world import DAY_MS, World, day_of


def write_foresight(workspace: Workspace) -> bool:
    """Send this task's customers acquired before the cutoff, the window's end less the horizon; False if there are none."""
    job = workspace.job
    cutoff_ms = job.window.to_ms - int(HORIZON_DAYS) * DAY_MS
    if cutoff_ms <= job.world.since_ms:
        return False
    blocks = job.own_blocks(count_blocks(job.world, cutoff_ms))
    frames = [foresee(job.world, index, cutoff_ms) for index in blocks]
    if not frames:
        return False
    path = workspace.folder / "customers.parquet"
    pl.concat(frames).write_parquet(path)
    name = f"truth/customers/{job.batch_id}/customers-{job.task_index:05d}.parquet"
    return workspace.send(job.control_bucket, name, path)


def foresee(world: World, block: int, cutoff_ms: int) -> pl.DataFrame:
    """One row a customer: what was seen before the cutoff, from clean events, and `p_star`."""
    seen = observe(world, build_block(world, block), cutoff_ms)
    cutoff = dt.datetime.combine(day_of(cutoff_ms), dt.time(), tzinfo=dt.UTC)
    return pl.DataFrame(
        {
            "customer_id": [customer_id(number) for number in seen.number.tolist()],
            "cutoff_at": pl.repeat(cutoff, len(seen.number), dtype=pl.Datetime("us", "UTC"), eager=True),
            "p_star": p_star(seen),
            "x": seen.x,
            "t_x_days": seen.t_x_days,
            "sessions": seen.sessions,
            "age_days": seen.age_days,
        }
    )
