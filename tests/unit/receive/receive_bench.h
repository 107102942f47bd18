// SPDX-License-Identifier: MIT
// A filesystem in memory that streams are received into, and what is in it then.
#pragma once

#include "libfs/ops/receive/receive.h"
#include "tests/support/stream_bytes.h"
#include "tests/unit/ops/send/sent_streams.h"
#include "tests/unit/ops/transaction_bench.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace btrkit::test {

inline constexpr Time receive_time = {.sec = 9000};

/// Runs with options, into devices, all streams in their order.
inline Result<receive::Report> receive_into(const Filesystem& filesystem, const WritableDevices& devices,
                                            std::span<const std::string> streams, receive::Options options = {},
                                            unsigned threads = 1) {
    std::vector<StreamSource> inputs;
    for (const auto& stream : streams) {
        inputs.push_back({fmt::format("stream{}", inputs.size() + 1), source_of(stream), stream.size()});
    }
    std::mt19937 random(static_cast<u32>(filesystem.super().generation));
    options.now = receive_time;
    options.transaction.parallelism = {.threads = threads};
    options.new_uuid = [&random] { return random_uuid(random); };
    return receive::run(filesystem, devices, inputs, options, {.parallelism = {.threads = threads}});
}

class ReceiveBench {
public:
    explicit ReceiveBench(FilesystemKind kind = {.slack_bytes = 64 * mib})
        : bench_(kind, mkfs::empty_source_tree({.sec = 1000})) {}

    Result<receive::Report> receive(std::span<const std::string> streams, receive::Options options = {},
                                    unsigned threads = 1) {
        const auto filesystem = bench_.open();
        return receive_into(filesystem, bench_.writable(filesystem), streams, std::move(options), threads);
    }
    Result<receive::Report> receive(const std::string& stream, receive::Options options = {}) {
        return receive(std::span(&stream, 1), std::move(options));
    }

    Filesystem open() const { return bench_.open(); }
    WritableDevices writable(const Filesystem& filesystem) const { return bench_.writable(filesystem); }
    u64 generation() const { return open().super().generation; }
    std::vector<const BlockDevice*> devices() const { return bench_.devices(); }

    /// Everything in a subvolume at the top.
    TreeListing list(const std::string& name) const {
        const auto filesystem = bench_.open();
        return must(list_image(filesystem, must(find_path(filesystem, name))));
    }

    /// What the whole check finds; empty: nothing.
    std::string findings() const {
        std::string text;
        const auto report = check_filesystem(bench_.open());
        for (const auto& finding : report.findings.all()) {
            text += describe(finding.problem) + '\n';
        }
        return text;
    }

private:
    TransactionBench bench_;
};

} // namespace btrkit::test
