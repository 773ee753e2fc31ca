"""What sentences are read into, with an untrained reader."""

from __future__ import annotations

import torch

from policy.config import PolicyConfig
from policy.grounding import SentenceReader


def test_relating_the_words_to_each_other_begins_as_if_it_were_not_there() -> None:
    torch.manual_seed(0)
    reader = SentenceReader(PolicyConfig()).eval()
    words = torch.randn(3, 7, reader.width)
    with torch.no_grad():
        assert torch.allclose(reader.among(words), words)


def test_what_stands_behind_the_end_of_a_sentence_changes_nothing_of_what_is_read() -> None:
    torch.manual_seed(0)
    config = PolicyConfig()
    reader = SentenceReader(config).eval()
    for parameter in reader.among.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    features, mask = torch.randn(2, 9, config.sentence_size), torch.ones(2, 9, dtype=torch.bool)
    mask[0, 5:] = False
    other = features.clone()
    other[0, 5:] = 100 * torch.randn(4, config.sentence_size)
    with torch.no_grad():
        for one, two in zip(reader(features, mask), reader(other, mask), strict=True):
            assert torch.allclose(one, two, atol=1e-5)
