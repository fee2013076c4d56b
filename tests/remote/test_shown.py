"""What of a URL is shown: everything but what lets in."""

import pytest

from audioscan_host.remote.shown import shown, without_credentials


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("s3://bucket/a.wav", "s3://bucket/a.wav"),
        ("https://me:secret@host/a.wav", "https://host/a.wav"),
        ("https://token@host:8080/a.wav", "https://host:8080/a.wav"),
        ("https://h/a.wav?id=3&X-Amz-Signature=ab&X-Amz-Credential=AK%2F1", "https://h/a.wav?id=3"),
        ("https://h/a.wav?X-Goog-Signature=ab", "https://h/a.wav"),
        ("https://h/a.wav?sv=2024&se=1&sig=abc%3D", "https://h/a.wav?sv=2024"),
        ("https://h/a.wav?Expires=1&Signature=x&Key-Pair-Id=K", "https://h/a.wav"),
        ("https://h/a.wav?access_token=x&api_key=y&password=z&token=t&n=1", "https://h/a.wav?n=1"),
        ("https://h/a.wav?AWSAccessKeyId=AK&Expires=1", "https://h/a.wav"),
        ("abfs://container@account.dfs.core.windows.net/a.wav", None),
        ("s3://bucket/a.wav?versionId=abc", None),
        ("memory://a@b.wav", None),
        ("https://h/a.wav?design=1&signal=2", None),
    ],
)
def test_what_lets_in_is_left_out_and_all_else_is_kept(url, seen):
    assert shown(url) == (seen or url)


def test_a_message_is_cited_without_the_credentials_of_its_urls():
    said = "403, message='Forbidden', url='https://me:pw@h/a.wav?X-Amz-Signature=ab&n=1'"
    assert without_credentials(said) == "403, message='Forbidden', url='https://h/a.wav?n=1'"
