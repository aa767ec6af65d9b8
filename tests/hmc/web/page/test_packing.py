"""hmc.web.page.packing: the page unpacks the modules that were packed, byte for byte; what they share is there once."""

import base64
import json
import subprocess
from pathlib import Path

import models
from hmc.web import module
from hmc.web.page.packing import packed
from tests.hmc.helpers import node

UNPACK = Path(__file__).with_name("unpack.mjs")


def unpacked(packs):
    """What the page makes of packed modules."""
    node.require()
    done = subprocess.run(
        ["node", str(UNPACK)],
        input=json.dumps([each._asdict() for each in packs]),
        capture_output=True,
        text=True,
        timeout=node.HANGS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [base64.b64decode(text) for text in json.loads(done.stdout)]


def test_the_sampler_is_there_once_and_every_module_comes_out_as_it_was():
    modules = [module(models.mST()), module(models.cafes())]
    packs = packed(modules)
    assert unpacked(packs) == modules
    assert len(packs[1].text) < len(packs[0].text) / 2
    assert unpacked(packed(modules[::-1])) == modules[::-1]


def test_a_wrong_place_is_seen():
    modules = [module(models.mST()), module(models.cafes())]
    first, second = packed(modules)
    (there, *rest), *others = second.shared
    assert unpacked([first, second._replace(shared=[[there + 1, *rest], *others])]) != modules
