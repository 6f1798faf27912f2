"""A job calls the laptop that runs it."""

from __future__ import annotations

from laptop.vertex.processes import make_environment


def test_a_job_calls_its_own_laptop_whatever_the_shell_had_read_of_another() -> None:
    other = {
        "STORAGE_EMULATOR_HOST": "http://127.0.0.1:1",
        "LAPTOP_ENDPOINT_VERTEX": "http://127.0.0.1:1",
        "HOME": "/h",
    }
    made = make_environment(other, {"storage": "127.0.0.1:7", "vertex": "127.0.0.1:8"}, "demo-proj", {})
    assert made["STORAGE_EMULATOR_HOST"] == "http://127.0.0.1:7"
    assert made["LAPTOP_ENDPOINT_VERTEX"] == "http://127.0.0.1:8"
    assert made["HOME"] == "/h"


def test_what_the_laptop_does_not_serve_is_inherited() -> None:
    assert make_environment({"OMP_NUM_THREADS": "3", "BIGQUERY_EMULATOR_HOST": "b"}, {}, "demo-proj", {}).items() >= {
        ("OMP_NUM_THREADS", "3"),
        ("BIGQUERY_EMULATOR_HOST", "b"),
    }


def test_variables_of_the_image_win_and_name_addresses_in_braces() -> None:
    image = {"REGISTRY": "http://{vertex}/v1", "FORMAT": '{"vertex": {}}', "HOME": "/image"}
    made = make_environment({"HOME": "/h"}, {"vertex": "127.0.0.1:8"}, "demo-proj", image)
    assert made.items() >= {"REGISTRY": "http://127.0.0.1:8/v1", "FORMAT": '{"vertex": {}}', "HOME": "/image"}.items()
