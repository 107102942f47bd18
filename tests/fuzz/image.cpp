// SPDX-License-Identifier: MIT
// A whole filesystem, opened and dumped: the small one in base.blocks with edits (see edited_image.h). The first byte
// chooses the format, the second what is dumped; the rest are the edits.
#include "libfs/ops/dump/dump_tree.h"
#include "tests/fuzz/edited_image.h"

#include <cstdlib>

using namespace btrkit;

namespace {

/// Counts, and is full at a size that no filesystem this small should come near.
class CountingSink final : public OutputSink {
public:
    Result<void> write(std::string_view text) override {
        constexpr std::size_t most_bytes = std::size_t{256} << 20;
        size_bytes_ += text.size();
        if (size_bytes_ > most_bytes) {
            std::abort();
        }
        return {};
    }

private:
    std::size_t size_bytes_ = 0;
};

dump_tree::Options options_from(u8 format, u8 choice) {
    dump_tree::Options options;
    options.format = static_cast<dump_tree::Format>(format % 3);
    options.csum_items = (format & 4) != 0;
    options.csum_headers = (format & 8) != 0;
    options.hide_names = (format & 16) != 0;
    options.order = (format & 32) != 0 ? WalkOrder::depth_first : WalkOrder::breadth_first;
    switch (choice % 10) {
    case 0: options.extents = true; break;
    case 1: options.devices = true; break;
    case 2: options.uuids = true; break;
    case 3: options.roots = true; break;
    case 4: options.roots = options.backups = true; break;
    case 5: options.trees = {btrfs::fs_tree_id, btrfs::csum_tree_id, btrfs::first_free_objectid}; break;
    case 6: options.path = "volume/directory/nested"; break;
    case 7: options.keys = KeyRange::through({256, 0, 0}, {260, 0xff, ~u64{0}}); break;
    case 8: options.follow = true; break;
    default: break; // everything
    }
    return options;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    constexpr std::size_t head_size = 2;
    if (size < head_size) {
        return 0;
    }
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(fuzz::edited_image(std::as_bytes(std::span(data, size)).subspan(head_size)));
    const ProblemSink report = [](const Problem& problem) { static_cast<void>(describe(problem)); };
    const auto filesystem = Filesystem::open(std::move(devices), {}, report);
    if (!filesystem) {
        return 0;
    }
    auto options = options_from(data[0], data[1]);
    if (options.follow) {
        options.blocks = {filesystem->super().root, filesystem->super().chunk_root};
    }
    CountingSink out;
    static_cast<void>(dump_tree::run(*filesystem, options, Parallelism{1}, out, report));
    return 0;
}
