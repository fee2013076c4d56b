"""The cache behind a URL: what every store promises, on a real server that speaks S3 and in memory."""

import pytest

from audioscan_host.cache.object_store import ObjectStore
from audioscan_host.testing.store import StoreTests

pytest.importorskip("s3fs")


class TestInMemory(StoreTests):
    @pytest.fixture
    def store(self, tmp_path):
        return ObjectStore(f"memory://{tmp_path.name}/cache", expiry=3)


class TestS3(StoreTests):
    @pytest.fixture
    def store(self, s3):
        return ObjectStore(f"{s3}/a folder/cache", expiry=3)


class TestAWholeBucket(StoreTests):
    @pytest.fixture
    def store(self, s3):
        return ObjectStore(s3, expiry=3)
