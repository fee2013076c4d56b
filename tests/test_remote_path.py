def test_the_s3(s3):
    import fsspec, boto3
    fs, place = fsspec.url_to_fs(f"{s3}/a/b.bin")
    fs.pipe(place, b"x" * 100)
    print(fs.info(place))
    with fs.open(place, "rb", cache_type="none") as file:
        file.seek(10)
        assert file.read(5) == b"xxxxx"
    print(fs.find(s3, detail=True))
