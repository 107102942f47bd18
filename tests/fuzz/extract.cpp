// SPDX-License-Identifier: MIT
// Files of a whole filesystem, taken out into an archive: the small one in base.blocks with edits (see edited_image.h).
// The first byte chooses what becomes of bad bytes, whether snapshots come too, and threads; the rest are the edits.
// The archive must be the same at any number of threads, no longer than the limit allows, and every path in it one that
// stays below its top.
#include "libfs/ops/extract/extract.h"
#include "libfs/ops/extract/tar_target.h"
#include "tests/fuzz/edited_image.h"

#include <cstdlib>

using namespace btrkit;

namespace {

constexpr u64 most_bytes = u64{4} << 20;

std::string archive_of(Bytes edits, const extract::Options& options, const RunContext& context) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(fuzz::edited_image(edits));
    const auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
    if (!filesystem) {
        return {};
    }
    StringSink sink;
    auto target = extract::open_tar_target(sink);
    if (!target) {
        std::abort();
    }
    const auto report = extract::run(*filesystem, **target, options, context);
    if (report) {
        for (const auto& trouble : report->troubles) {
            if (trouble.path.starts_with('/') || trouble.what.empty()) {
                std::abort();
            }
        }
    }
    target->reset();
    return report ? sink.text() : std::string();
}

/// Of plain headers; names that are longer or no ASCII stand in what goes before, and here without what makes them so.
void check_paths(const std::string& archive) {
    constexpr std::size_t block = 512;
    for (std::size_t at = 0; at + block <= archive.size() && archive[at] != '\0';) {
        std::string name = "/";
        name.append(archive.c_str() + at).append("/");
        if (name.starts_with("//") || name.find("/../") != name.npos) {
            std::abort();
        }
        const u64 size = std::strtoull(archive.substr(at + 124, 11).c_str(), nullptr, 8);
        at += block + round_up(size, block);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const Bytes edits = std::as_bytes(std::span(data, size)).subspan(1);
    extract::Options options;
    constexpr std::array ways{extract::Bad::skip, extract::Bad::zero, extract::Bad::raw, extract::Bad::skip};
    options.bad = ways[data[0] & 3U];
    options.takes_snapshots = (data[0] & 4) != 0;
    options.most_bytes = most_bytes;
    const auto archive = archive_of(edits, options, {});
    check_paths(archive);
    if (archive.size() > 4 * most_bytes) {
        std::abort();
    }
    if ((data[0] & 8) != 0 && archive_of(edits, options, {.parallelism = {.threads = 2}}) != archive) {
        std::abort();
    }
    return 0;
}
