// SPDX-License-Identifier: MIT
// What is bad on the devices or with the sink: nothing is in the stream that was not proven, and all that was left out
// is told, the same with any number of threads.
#include "tests/unit/ops/send_outputs.h"

#include <doctest/doctest.h>

#include <array>

namespace send_output_damage_test {

using namespace btrkit;
using namespace btrkit::test;
using btrfs::Compression;
using btrfs::send::Command;
using send::CommandOutput;
using send::FileData;
using Content = FileImage::Content;

namespace {

/// Fails when so many bytes have come.
class ShortSink final : public OutputSink {
public:
    explicit ShortSink(std::size_t room) : room_(room) {}
    Result<void> write(std::string_view text) override {
        if (text.size() > room_) {
            room_ = 0;
            return fail(ErrorKind::io, "the reader is gone");
        }
        room_ -= text.size();
        text_ += text;
        return {};
    }
    const std::string& text() const { return text_; }

private:
    std::size_t room_;
    std::string text_;
};

constexpr auto thread_counts = {1U, 3U};

} // namespace

TEST_CASE("send output: a bad copy is made good by the other, and reported in order") {
    for (const unsigned threads : thread_counts) {
        FileImage image(btrfs::block_group_dup);
        const auto content = noise(300 * sector);
        const u64 disk = image.put_data(content);
        image.finish();
        for (const u64 number : {3U, 100U, 299U}) {
            flip(image, disk + number * sector, 1);
        }
        const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
        const auto sent = send_data(filesystem, {.threads = threads}, [&](CommandOutput& out) {
            for (const auto* path : {"a", "b", "c"}) {
                CHECK(out.put_write(path, {.extent = plain_extent(0, disk, 300 * sector), .length = 300 * sector}));
            }
        });
        REQUIRE_FALSE(sent.error);
        REQUIRE(sent.reported.size() == 9);
        for (std::size_t i = 0; i < 9; ++i) {
            CHECK(sent.reported[i].code == ProblemCode::data_checksum);
            CHECK(sent.reported[i].place.logical == Logical{disk + std::array<u64, 3>{3, 100, 299}.at(i % 3) * sector});
        }
        const auto files = written_in(sent.stream);
        CHECK(files.size() == 3);
        CHECK(files.at("c").at(288 * sector) == Content(content.begin() + 288 * sector, content.end()));
    }
}

TEST_CASE("send output: bad copies of shared extents are reported as often with any number of threads") {
    DataSample sample;
    sample.image.finish();
    flip(sample.image, sample.packed_at[Compression::zstd], 1);
    const auto [filesystem, problems] = open_filesystem(sample.image.image().all_devices());
    std::vector<std::size_t> counts;
    for (const unsigned threads : {1U, 2U, 3U, 8U}) {
        const auto sent = send_data(filesystem, {.threads = threads}, [&](CommandOutput& out) {
            const auto extent = sample.packed_extent(Compression::zstd, 0);
            for (u64 i = 0; i < 500; ++i) {
                CHECK(out.put_write("file", {.extent = extent, .offset = i % 20 * sector, .length = 5 * sector}));
            }
        });
        CHECK_FALSE(sent.error);
        counts.push_back(sent.reported.size());
    }
    CHECK(counts == std::vector<std::size_t>(4, 10)); // once a batch
}

TEST_CASE("send output: without a good copy it fails, with the place, and sends nothing behind it") {
    for (const unsigned threads : thread_counts) {
        FileImage image(btrfs::block_group_dup);
        const auto content = noise(300 * sector);
        const u64 disk = image.put_data(content);
        image.finish();
        flip(image, disk + 100 * sector, 1);
        flip(image, disk + 100 * sector, 2);
        const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
        const auto sent = send_data(filesystem, {.threads = threads}, [&](CommandOutput& out) {
            CHECK(out.put_zeros("before", 0, 5));
            static_cast<void>(out.put_write("a\nb", {.extent = plain_extent(7 * sector, disk, 300 * sector),
                                                     .offset = 7 * sector,
                                                     .length = 300 * sector}));
            for (int i = 0; i < 10; ++i) {
                static_cast<void>(out.put_zeros("behind", 0, u64{1} << 20));
            }
        });
        REQUIRE(sent.error);
        CHECK(sent.error->kind == ErrorKind::damaged);
        const auto& message = sent.error->message;
        CHECK_MESSAGE(message.starts_with("a\\nb: file offset " + std::to_string(107 * sector) + ": [data-checksum]"),
                      message);
        CHECK(sent.stream.find("before") != std::string::npos);
        CHECK(sent.stream.find("behind") == std::string::npos);
        CHECK(sent.stream.size() < 101 * sector);
    }
}

TEST_CASE("send output: what can't be read is skipped and told, and nothing else") {
    for (const u32 version : {1U, 2U}) {
        for (const unsigned threads : thread_counts) {
            FileImage image(btrfs::block_group_dup);
            const auto content = noise(300 * sector);
            const u64 disk = image.put_data(content);
            image.finish();
            const auto lose = [&](u64 number) {
                flip(image, disk + number * sector, 1);
                flip(image, disk + number * sector, 2);
            };
            // The first, some across the border of batches and pieces, one, and the last.
            lose(0);
            for (u64 number = 50; number < 270; ++number) {
                lose(number);
            }
            lose(280);
            lose(299);
            const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
            const auto sent = send_data(filesystem, {version, threads, true}, [&](CommandOutput& out) {
                CHECK(out.put_write("file",
                                    {.extent = plain_extent(0, disk, 300 * sector), .length = 300 * sector - 10}));
                CHECK(out.put_zeros("behind", 0, 5));
            });
            REQUIRE_FALSE(sent.error);
            Content got(300 * sector);
            const auto files = written_in(sent.stream);
            for (const auto& [offset, data] : files.at("file")) {
                REQUIRE(offset + data.size() <= got.size());
                std::ranges::copy(data, got.begin() + static_cast<std::ptrdiff_t>(offset));
            }
            auto wanted = content;
            std::fill_n(wanted.begin(), sector, std::byte{0});
            std::fill_n(wanted.begin() + 50 * sector, 220 * sector, std::byte{0});
            std::fill_n(wanted.begin() + 280 * sector, sector, std::byte{0});
            std::fill_n(wanted.begin() + 299 * sector, sector, std::byte{0});
            CHECK((got == wanted));
            REQUIRE(sent.skipped.size() == 4);
            const std::array<std::pair<u64, u64>, 4> ranges{
                std::pair{0, sector}, {50 * sector, 220 * sector}, {280 * sector, sector}, {299 * sector, sector - 10}};
            for (std::size_t i = 0; i < ranges.size(); ++i) {
                CHECK(sent.skipped[i].path == "file");
                CHECK(sent.skipped[i].file_offset == ranges.at(i).first);
                CHECK(sent.skipped[i].length == ranges.at(i).second);
                CHECK(sent.skipped[i].why.starts_with("[data-checksum]"));
            }
        }
    }
}

TEST_CASE("send output: of a compressed extent all or nothing is skipped") {
    DataSample sample;
    sample.image.finish();
    for (const unsigned mirror : {1U, 2U}) {
        flip(sample.image, sample.packed_at[Compression::zlib], mirror);
    }
    const auto [filesystem, problems] = open_filesystem(sample.image.image().all_devices());
    for (const bool encoded : {false, true}) {
        const auto sent = send_data(filesystem, {2, 2, true}, [&](CommandOutput& out) {
            for (const auto algorithm : {Compression::zstd, Compression::zlib, Compression::lzo}) {
                const FileData data{
                    .extent = sample.packed_extent(algorithm, sector), .offset = 3 * sector, .length = 20 * sector};
                CHECK((encoded ? out.put_encoded("file", data) : out.put_write("file", data)));
            }
        });
        REQUIRE_FALSE(sent.error);
        REQUIRE(sent.skipped.size() == 1);
        CHECK(sent.skipped[0].file_offset == 3 * sector);
        CHECK(sent.skipped[0].length == 20 * sector);
        Decoder decoder(source_of(sent.stream));
        REQUIRE(decoder.begin_stream());
        for (int i = 0; i < 2; ++i) {
            CHECK(decoder.next()->command() == (encoded ? Command::encoded_write : Command::write));
        }
        CHECK(decoder.next()->command() == Command::end);
    }
}

TEST_CASE("send output: small files beside a bad one come through") {
    FileImage image(0);
    const auto content = noise(10 * sector);
    const u64 disk = image.put_data(content);
    image.finish();
    flip(image, disk + 4 * sector, 1);
    const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    const auto sent = send_data(filesystem, {.skips = true}, [&](CommandOutput& out) {
        for (u64 i = 0; i < 10; ++i) {
            CHECK(out.put_write(std::to_string(i),
                                {.extent = plain_extent(0, disk + i * sector, sector), .length = sector}));
        }
    });
    REQUIRE_FALSE(sent.error);
    const auto files = written_in(sent.stream);
    CHECK(files.size() == 9);
    CHECK(files.at("9").at(0) == Content(content.begin() + 9 * sector, content.end()));
    REQUIRE(sent.skipped.size() == 1);
    CHECK(sent.skipped[0].path == "4");
    CHECK(sent.reported.empty()); // it is told as skipped
}

TEST_CASE("send output: files without checksums are sent as they stand") {
    FileImage image(0);
    const auto content = noise(2 * sector);
    const u64 disk = image.put_data(content);
    image.drop_checksum(disk);
    image.finish();
    const auto [filesystem, problems] = open_filesystem(image.image().all_devices());
    for (const bool has_checksums : {true, false}) {
        const auto sent = send_data(filesystem, {}, [&](CommandOutput& out) {
            static_cast<void>(out.put_write(
                "f",
                {.extent = plain_extent(0, disk, 2 * sector), .has_checksums = has_checksums, .length = 2 * sector}));
        });
        CHECK(sent.error.has_value() == has_checksums);
        if (!has_checksums) {
            CHECK(written_in(sent.stream).at("f").at(0) == content);
        }
    }
}

TEST_CASE("send output: a sink that fails stops it, whatever comes then") {
    DataSample sample;
    sample.image.finish();
    const auto [filesystem, problems] = open_filesystem(sample.image.image().all_devices());
    for (const unsigned threads : thread_counts) {
        for (const std::size_t room : {std::size_t{0}, std::size_t{2500000}}) {
            ShortSink sink(room);
            CommandOutput out(filesystem, sink, {.version = 2, .run = {.parallelism = {threads}}});
            const FileData data{.extent = plain_extent(0, sample.big_at, 300 * sector), .length = 300 * sector};
            Result<void> status;
            int given = 0;
            while (status && given < 100) {
                status = out.put_write("file", data);
                ++given;
            }
            REQUIRE_FALSE(status);
            CHECK(status.error().message == "the reader is gone");
            CHECK(given < 12);
            CHECK(out.put_write("file", data).error().message == "the reader is gone");
            CHECK(out.encoder().put_command(Command::end).error().message == "the reader is gone");
            CHECK(out.submit().error().message == "the reader is gone");
            CHECK(out.close().error().message == "the reader is gone");
            CHECK(sink.text().size() <= room);
        }
    }
}

TEST_CASE("send output: what is not closed has no end") {
    DataSample sample;
    sample.image.finish();
    const auto [filesystem, problems] = open_filesystem(sample.image.image().all_devices());
    for (const unsigned threads : thread_counts) {
        StringSink sink;
        {
            CommandOutput out(filesystem, sink, {.version = 2, .run = {.parallelism = {threads}}});
            for (int i = 0; i < 4; ++i) {
                CHECK(out.put_write("file",
                                    {.extent = plain_extent(0, sample.big_at, 300 * sector), .length = 300 * sector}));
            }
            CHECK(out.encoder().put_command(Command::end));
        }
        CHECK(sink.text().size() < 4 * 300 * sector);
    }
}

} // namespace send_output_damage_test
