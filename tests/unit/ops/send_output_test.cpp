// SPDX-License-Identifier: MIT
// Commands on their way out: in order, exactly counted, and the same bytes with any number of threads.
#include "tests/unit/ops/send_outputs.h"

#include <doctest/doctest.h>

namespace send_output_test {

using namespace btrkit;
using namespace btrkit::test;
using btrfs::Compression;
using btrfs::send::Attribute;
using btrfs::send::Command;
using send::CommandOutput;
using send::FileData;
using Content = FileImage::Content;

namespace {

/// Puts the same things into an output, and as plain commands into an encoder.
struct Script {
    const DataSample& sample;
    CommandOutput& out;
    Encoder& expected;

    void both(const std::function<Result<void>(Encoder&)>& put) const {
        REQUIRE(put(out.encoder()));
        REQUIRE(out.submit());
        REQUIRE(put(expected));
    }
    void small(std::string_view path) const {
        both([&](Encoder& encoder) {
            encoder.begin(Command::truncate);
            encoder.put_text(Attribute::path, path);
            encoder.put_integer(Attribute::size, path.size());
            return encoder.finish();
        });
    }
    void expect_write(std::string_view path, u64 offset, Bytes content) const {
        while (!content.empty()) {
            const auto length =
                std::min<std::size_t>(content.size(), btrfs::send::write_data_bytes(expected.version()));
            expected.begin(Command::write);
            expected.put_text(Attribute::path, path);
            expected.put_integer(Attribute::file_offset, offset);
            expected.put_data(Attribute::data, content.first(length));
            REQUIRE(expected.finish());
            content = content.subspan(length);
            offset += length;
        }
    }
    void write(std::string_view path, const FileData& data, const Content& content) const {
        REQUIRE(out.put_write(path, data));
        expect_write(path, data.offset, content);
    }
    void zeros(std::string_view path, u64 offset, u64 length) const {
        REQUIRE(out.put_zeros(path, offset, length));
        expect_write(path, offset, Content(length));
    }
    void encoded(std::string_view path, const FileData& data, u64 compression, Bytes stored) const {
        REQUIRE(out.put_encoded(path, data));
        const auto& extent = *data.extent;
        expected.begin(Command::encoded_write);
        expected.put_text(Attribute::path, path);
        expected.put_integer(Attribute::file_offset, data.offset);
        expected.put_integer(Attribute::unencoded_file_len, data.length);
        expected.put_integer(Attribute::unencoded_len, extent.ram_bytes);
        expected.put_integer(Attribute::unencoded_offset, data.offset - extent.offset + extent.offset_in_extent);
        expected.put_integer(Attribute::compression, compression);
        if (extent.kind == ExtentKind::regular) {
            expected.put_integer(Attribute::encryption, 0);
        }
        expected.put_data(Attribute::data, stored);
        REQUIRE(expected.finish());
    }

    void plain_files() const {
        for (int i = 0; i < 10; ++i) {
            const auto path = "small-" + std::to_string(i);
            small(path);
            const auto all = noise(10 * sector, 9);
            const auto begin = all.begin() + i * static_cast<std::ptrdiff_t>(sector);
            write(path, {.extent = plain_extent(0, sample.small_at + i * sector, sector), .length = 100U + i},
                  Content(begin, begin + 100 + i));
        }
        for (const u64 length : {u64{1}, 12 * sector, 12 * sector + 1, 299 * sector + 17, 300 * sector}) {
            write("dir/big", {.extent = plain_extent(0, sample.big_at, 300 * sector), .length = length},
                  Content(sample.big.begin(), sample.big.begin() + static_cast<std::ptrdiff_t>(length)));
            small("between");
        }
        // A part of an extent, not at the beginning of the file; and one that begins within a sector.
        const auto shifted = plain_extent(5 * sector, sample.big_at, 200 * sector, 50 * sector);
        for (const u64 offset : {7 * sector, 7 * sector + 11}) {
            const auto begin = sample.big.begin() + static_cast<std::ptrdiff_t>(45 * sector + offset);
            write("dir/part", {.extent = shifted, .offset = offset, .length = 90 * sector},
                  Content(begin, begin + static_cast<std::ptrdiff_t>(90 * sector)));
        }
    }
    void packed_files() const {
        for (const auto algorithm : algorithms) {
            const auto extent = sample.packed_extent(algorithm, 2 * sector);
            write("packed", {.extent = extent, .offset = 2 * sector, .length = 32 * sector}, sample.text);
            write("packed", {.extent = extent, .offset = 4 * sector + 5, .length = 3 * sector},
                  Content(sample.text.begin() + 2 * sector + 5, sample.text.begin() + 5 * sector + 5));
        }
        for (const auto algorithm : {Compression::none, Compression::zlib, Compression::lzo, Compression::zstd}) {
            const auto extent = sample.inline_extent(algorithm);
            write("inline", {.extent = extent, .length = 1500}, text_of(1500));
            Content longer = text_of(1500);
            longer.resize(sector);
            write("inline", {.extent = extent, .length = sector}, longer);
        }
    }
    void nothing_stored() const {
        zeros("zeros", 3, 7);
        zeros("zeros", 0, 700 * sector + 1);
        zeros("zeros", 0, 0);
        for (const auto kind : {ExtentKind::hole, ExtentKind::prealloc}) {
            const auto extent =
                std::make_shared<FileExtent>(FileExtent{.kind = kind, .offset = sector, .length = 20 * sector});
            write("hole", {.extent = extent, .offset = 2 * sector, .length = 18 * sector}, Content(18 * sector));
        }
    }
    void encoded_files() const {
        for (const auto& [algorithm, number] :
             {std::pair{Compression::zlib, 1U}, {Compression::zstd, 2U}, {Compression::lzo, 3U}}) {
            auto stored = sample.packed.at(algorithm);
            stored.resize(round_up(stored.size(), sector));
            const auto extent = sample.packed_extent(algorithm, sector);
            for (int times = 0; times < 20; ++times) {
                encoded("encoded", {.extent = extent, .offset = sector, .length = 32 * sector}, number, stored);
            }
            encoded("encoded", {.extent = extent, .offset = 3 * sector, .length = 2 * sector + 7}, number, stored);
            const auto small_extent = sample.inline_extent(algorithm);
            encoded("encoded", {.extent = small_extent, .length = 1500}, number, small_extent->inline_bytes);
        }
    }
    void many_commands() const {
        for (int i = 0; i < 20000; ++i) {
            small("a/path/of/some/length/" + std::to_string(i));
        }
    }

    void run() const {
        both([](Encoder& encoder) { return encoder.write_stream_header(); });
        for (int times = 0; times < 2; ++times) {
            plain_files();
            packed_files();
            nothing_stored();
            if (out.version() >= 2) {
                encoded_files();
            }
        }
        many_commands();
        plain_files();
        both([](Encoder& encoder) { return encoder.put_command(Command::end); });
    }
};

} // namespace

TEST_CASE("send output: what was given comes out in order, the same with any number of threads, exactly counted") {
    DataSample sample;
    sample.image.finish();
    const auto [filesystem, problems] = open_filesystem(sample.image.image().all_devices());
    for (const u32 version : {1U, 2U, 3U}) {
        for (const unsigned threads : {1U, 2U, 3U, 8U}) {
            CAPTURE(version);
            CAPTURE(threads);
            StringSink sink;
            StringSink expected_sink;
            Problems reported;
            Encoder expected(version, expected_sink);
            CommandOutput out(filesystem, sink,
                              {.version = version, .run = {.parallelism = {threads}, .problems = into(reported)}});
            Script{sample, out, expected}.run();
            const auto closed = out.close();
            REQUIRE_MESSAGE(closed, closed.error().message);
            CHECK(sink.text().size() > (u64{8} << 20));
            CHECK((sink.text() == expected_sink.text()));
            CHECK(out.stream_bytes() == sink.text().size());
            CHECK(reported.empty());

            Encoder counted = Encoder::counting(version);
            StringSink nowhere;
            CommandOutput counting(filesystem, nowhere, {.version = version, .count_only = true});
            Script{sample, counting, counted}.run();
            CHECK(counting.close());
            CHECK(counting.stream_bytes() == sink.text().size());
            CHECK(nowhere.text().empty());
        }
    }
}

TEST_CASE("send output: counting reads nothing") {
    FileImage image(0);
    image.put_data(noise(1));
    image.finish();
    const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    StringSink nowhere;
    CommandOutput out(filesystem, nowhere, {.version = 2, .count_only = true});
    constexpr u64 tebibyte = u64{1} << 40;
    CHECK(out.put_write("p", {.extent = plain_extent(0, u64{1} << 50, tebibyte), .length = tebibyte}));
    // Headers: of the command, of a path and its byte, of an offset and its eight, of data.
    CHECK(out.stream_bytes() == tebibyte + (tebibyte >> 17) * (10 + 5 + 12 + 2));
}

TEST_CASE("send output: a path that no stream can hold is refused, and nothing is lost by it") {
    FileImage image(0);
    const auto content = noise(sector);
    const u64 disk = image.put_data(content);
    image.finish();
    const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    const auto sent = send_data(filesystem, {}, [&](CommandOutput& out) {
        const FileData data{.extent = plain_extent(0, disk, sector), .length = sector};
        CHECK(out.put_write("a", data));
        for (const auto& path : {std::string(5000, 'x'), std::string(1, '\0')}) {
            const auto refused = out.put_write(path, data);
            REQUIRE_FALSE(refused);
            CHECK(refused.error().kind == ErrorKind::unsupported);
            CHECK_FALSE(out.put_zeros(path, 0, 1));
        }
        CHECK(out.put_write("b", data));
    });
    CHECK_FALSE(sent.error);
    CHECK(sent.counted_bytes == sent.stream.size());
    const auto files = written_in(sent.stream);
    CHECK(files.size() == 2);
    CHECK(files.at("b").at(0) == content);
}

} // namespace send_output_test
