"""`SELECT *` over JOIN ... USING: the joined columns come first, the last join's before the others'."""

from __future__ import annotations

from sqlglot import exp


def order_using_columns(tree: exp.Expr) -> None:
    """Write an unqualified `*` as `k, * EXCEPT (k)`, in place; DuckDB leaves `k` where the left table has it."""
    for select in tree.find_all(exp.Select):
        keys = _keys(select)
        stars = [item for item in select.expressions if isinstance(item, exp.Star)]
        if keys and stars:
            select.set("expressions", [part for item in select.expressions for part in _ordered(item, keys)])


def _keys(select: exp.Select) -> list[str]:
    joins = reversed(select.args.get("joins") or [])
    names = [key.name for join in joins for key in join.args.get("using") or []]
    return list(dict.fromkeys(names))


def _ordered(item: exp.Expr, keys: list[str]) -> list[exp.Expr]:
    if not isinstance(item, exp.Star):
        return [item]
    excepted = item.args.get("except_") or []
    left_out = {name.name.lower() for name in excepted}
    replaced = {new.alias.lower(): new for new in item.args.get("replace") or []}
    shown = [key for key in keys if key.lower() not in left_out]
    star = exp.Star(
        except_=[*excepted, *(exp.to_identifier(key, quoted=True) for key in shown)] or None,
        replace=[new for name, new in replaced.items() if name not in {key.lower() for key in shown}] or None,
        rename=item.args.get("rename"),
    )
    return [*(replaced.get(key.lower(), exp.column(key, quoted=True)) for key in shown), star]
