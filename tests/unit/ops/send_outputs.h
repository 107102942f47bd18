// SPDX-License-Identifier: MIT
// Command outputs under test: an image with extents of all kinds, and what came out.
#pragma once

#include "libfs/ops/send/output/command_output.h"
#include "tests/support/extent_content.h"
#include "tests/support/open_filesystem.h"
#include "tests/support/stream_bytes.h"

#include <atomic>
#include <doctest/doctest.h>
#include <map>

namespace btrkit::test {

class CountingProgress final : public ProgressSink {
public:
    void begin_phase(std::string_view /*phase*/, u64 /*total*/, ProgressUnit /*unit*/) override {}
    void advance(u64 amount) override { done += amount; }

    std::atomic<u64> done = 0;
};

inline std::shared_ptr<const FileExtent> plain_extent(u64 file_offset, u64 disk, u64 length, u64 offset_in_extent = 0) {
    return std::make_shared<FileExtent>(FileExtent{.kind = ExtentKind::regular,
                                                   .offset = file_offset,
                                                   .length = length,
                                                   .ram_bytes = offset_in_extent + length,
                                                   .disk = {disk},
                                                   .disk_num_bytes = offset_in_extent + length,
                                                   .offset_in_extent = offset_in_extent});
}

/// Several kinds of extents in one image, and what they hold.
struct DataSample {
    FileImage image{btrfs::block_group_dup};
    FileImage::Content big = noise(300 * sector, 7);
    FileImage::Content text = text_of(32 * sector);
    u64 big_at = image.put_data(big);
    std::map<btrfs::Compression, FileImage::Content> packed;
    std::map<btrfs::Compression, u64> packed_at;
    u64 small_at = 0; ///< of ten sectors, a file each

    DataSample() {
        for (const auto algorithm : algorithms) {
            packed[algorithm] = packed_of(algorithm, text);
            packed_at[algorithm] = image.put_data(packed[algorithm]);
        }
        small_at = image.put_data(noise(10 * sector, 9));
    }

    std::shared_ptr<const FileExtent> packed_extent(btrfs::Compression algorithm, u64 file_offset) const {
        return std::make_shared<FileExtent>(
            FileExtent{.kind = ExtentKind::regular,
                       .offset = file_offset,
                       .length = text.size(),
                       .compression = algorithm,
                       .ram_bytes = text.size(),
                       .disk = {packed_at.at(algorithm)},
                       .disk_num_bytes = round_up(packed.at(algorithm).size(), sector)});
    }
    static std::shared_ptr<const FileExtent> inline_extent(btrfs::Compression algorithm) {
        const FileImage::Content plain = text_of(1500);
        return std::make_shared<FileExtent>(
            FileExtent{.kind = ExtentKind::inline_data,
                       .offset = 0,
                       .length = sector,
                       .compression = algorithm,
                       .ram_bytes = plain.size(),
                       .inline_bytes = algorithm == btrfs::Compression::none ? plain : packed_of(algorithm, plain)});
    }
};

/// What a decoder makes of WRITEs.
inline std::map<std::string, std::map<u64, FileImage::Content>> written_in(std::string_view stream) {
    std::map<std::string, std::map<u64, FileImage::Content>> files;
    Decoder decoder(source_of(stream));
    REQUIRE(decoder.begin_stream());
    for (bool more = true; more;) {
        const auto command = decoder.next();
        REQUIRE_MESSAGE(command, command.error().message);
        more = command->command() != btrfs::send::Command::end;
        if (command->command() == btrfs::send::Command::write) {
            const auto data = command->data(btrfs::send::Attribute::data);
            files[std::string(command->text(btrfs::send::Attribute::path))]
                 [command->integer(btrfs::send::Attribute::file_offset)] = FileImage::Content(data.begin(), data.end());
        }
    }
    return files;
}

struct SentData {
    std::string stream = {};
    u64 counted_bytes = 0;
    u64 progress_bytes = 0;
    std::vector<send::UnreadableRange> skipped = {};
    Problems reported = {};
    std::optional<Error> error = {};
};

struct SentDataOptions {
    u32 version = 1;
    unsigned threads = 1;
    bool skips = false;
};

/// A stream of what `put` puts. What went wrong is what close() says.
inline SentData send_data(const Filesystem& filesystem, const SentDataOptions& options,
                          const std::function<void(send::CommandOutput&)>& put) {
    SentData sent;
    StringSink sink;
    CountingProgress progress;
    send::CommandOutput::Settings settings{
        .version = options.version,
        .run = {.parallelism = {options.threads}, .progress = Progress(progress), .problems = into(sent.reported)}};
    if (options.skips) {
        settings.skip = [&](const send::UnreadableRange& range) { sent.skipped.push_back(range); };
    }
    send::CommandOutput out(filesystem, sink, std::move(settings));
    static_cast<void>(out.encoder().write_stream_header());
    put(out);
    static_cast<void>(out.encoder().put_command(btrfs::send::Command::end));
    if (auto closed = out.close(); !closed) {
        sent.error = closed.error();
        CHECK_FALSE(out.submit());
        CHECK_FALSE(out.put_zeros("x", 0, 1));
        CHECK(out.close().error().message == sent.error->message);
    }
    sent.stream = sink.text();
    sent.counted_bytes = out.stream_bytes();
    sent.progress_bytes = progress.done;
    CHECK(sent.progress_bytes == sent.stream.size());
    return sent;
}

} // namespace btrkit::test
