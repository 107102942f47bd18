// SPDX-License-Identifier: MIT
// A whole filesystem whose snapshots are sent: the small one in history.blocks with edits (see edited_image.h). The
// first byte chooses how, the second what and against what; the rest are the edits. A stream that is told to be whole
// must be one, another must have no end; what was counted must be what is written, at any number of threads.
#include "libfs/ops/send/send.h"
#include "libfs/stream/decoder.h"
#include "tests/fuzz/edited_image.h"
#include "tests/support/stream_bytes.h"

#include <cstdlib>

using namespace btrkit;

namespace {

/// A file that was made huge has holes that are as huge.
constexpr std::size_t most_stream_bytes = std::size_t{16} << 20;

class SmallSink final : public OutputSink {
public:
    Result<void> write(std::string_view bytes) override {
        if (bytes.size() > most_stream_bytes - text.size()) {
            return fail(ErrorKind::io, "full");
        }
        text += bytes;
        return {};
    }

    std::string text;
};

send::Options options_from(u8 how, u8 what) {
    static constexpr std::array<const char*, 4> ids = {"257", "258", "256", "5"};
    send::Options options;
    options.version = 1 + (how & 3) % 3;
    options.no_data = (how & 4) != 0;
    options.compressed_data = (how & 8) != 0 && options.version >= 2;
    options.skip_errors = (how & 16) != 0;
    options.omit_end = true;
    options.allow_writable = true;
    options.subvolumes = {ids.at(what & 3)};
    if ((what & 4) != 0) {
        options.parent = ids.at(what >> 3 & 3);
    }
    if ((what & 32) != 0) {
        options.clone_sources = {ids.at(what >> 6 & 3)};
    }
    return options;
}

struct Outcome {
    Result<send::Report> report;
    std::string stream;
};

Outcome send_once(const Filesystem& filesystem, const send::Options& options, unsigned threads) {
    SmallSink sink;
    auto report = send::run(filesystem, nullptr, sink, options, {.parallelism = {.threads = threads}},
                            {.changed = [](const send::ChangedPath&) {}});
    return {std::move(report), std::move(sink.text)};
}

/// Whether the stream goes to its end, and ends there.
bool is_whole(const std::string& stream) {
    Decoder decoder(test::source_of(stream));
    if (const auto version = decoder.begin_stream(); !version || !*version) {
        return false;
    }
    while (true) {
        const auto command = decoder.next();
        if (!command) {
            return false;
        }
        if (command->command() == btrfs::send::Command::end) {
            const auto more = decoder.begin_stream();
            return more && !*more;
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(fuzz::edited_image(std::as_bytes(std::span(data, size)).subspan(2), fuzz::Base::history));
    const auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
    if (!filesystem) {
        return 0;
    }
    auto options = options_from(data[0], data[1]);
    const auto sent = send_once(*filesystem, options, 1);
    if (is_whole(sent.stream) != sent.report.has_value()) {
        std::abort();
    }
    if ((data[0] & 32) != 0 && send_once(*filesystem, options, 2).stream != sent.stream && sent.report) {
        std::abort();
    }
    options.dry_run = true;
    const auto counted = send_once(*filesystem, options, 1);
    const bool was_all_sent = sent.report && sent.report->skipped_count == 0;
    if (!counted.stream.empty() ||
        (was_all_sent && (!counted.report || counted.report->stream_bytes != sent.stream.size()))) {
        std::abort();
    }
    return 0;
}
