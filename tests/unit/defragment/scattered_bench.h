// SPDX-License-Identifier: MIT
// Filesystems whose files lie in many pieces, which snapshots and other files share.
#pragma once

#include "libfs/ops/defragment/defragment.h"
#include "libfs/ops/subvolume/change.h"
#include "tests/unit/edit/edit_bench.h"
#include "tests/unit/ops/many_tree_change.h"

#include <random>

namespace btrkit::test {

inline constexpr u64 scattered_block_bytes = 4 * kib;

/// What is done to a filesystem, one transaction after the other, at random.
class Scatterer {
public:
    static constexpr u64 file_blocks = 48;

    Scatterer(const TransactionBench& bench, unsigned seed) : bench_(bench), random_(seed) {}

    /// Files, and some of their blocks written one by one.
    void begin(unsigned files) {
        Edit edit(bench_);
        for (unsigned number = 0; number < files; ++number) {
            const u64 flags = number % 4 == 3 ? btrfs::inode_nodatasum | btrfs::inode_nodatacow : 0;
            places_.push_back(edit.make("scattered-" + std::to_string(number), 0100644, flags));
            must(edit.data.write(places_.back(), 0, bytes(file_blocks * scattered_block_bytes)));
        }
        edit.commit();
    }
    void go(unsigned rounds) {
        for (unsigned round = 0; round < rounds; ++round) {
            write_some();
            if (below(2) == 0) {
                snapshot();
            }
        }
        write_some();
    }

private:
    u64 below(u64 limit) { return std::uniform_int_distribution<u64>(0, limit - 1)(random_); }

    std::vector<std::byte> bytes(u64 count) {
        std::vector<std::byte> made(count);
        for (auto& byte : made) {
            byte = static_cast<std::byte>(random_());
        }
        return made;
    }

    void write_some() {
        Edit edit(bench_);
        for (u64 left = 12 + below(12); left > 0; --left) {
            const auto place = places_[below(places_.size())];
            const u64 offset = below(file_blocks) * scattered_block_bytes;
            switch (below(8)) {
            case 0:
                static_cast<void>(edit.data.clone(places_[below(places_.size())],
                                                  range_from(offset, (1 + below(6)) * scattered_block_bytes), place,
                                                  below(file_blocks) * scattered_block_bytes)); // may be refused
                break;
            case 1: must(edit.data.punch(place, range_from(offset, (1 + below(3)) * scattered_block_bytes))); break;
            case 2: must(edit.data.preallocate(place, range_from(offset, 2 * scattered_block_bytes), false)); break;
            default: must(edit.data.write(place, offset, bytes((1 + below(3)) * scattered_block_bytes)));
            }
        }
        edit.commit();
    }

    void snapshot() {
        const auto filesystem = bench_.open();
        const std::vector<subvolume::Command> commands = {
            {.change = subvolume::Snapshot{
                 .source = "/", .path = "/snapshot-" + std::to_string(++snapshots_), .is_read_only = below(3) > 0}}};
        btrfs::Uuid uuid;
        uuid.bytes[0] = static_cast<u8>(snapshots_);
        must(subvolume::run(filesystem, bench_.writable(filesystem), commands,
                            {.now = {.sec = 6000}, .new_uuid = [&] { return uuid; }}, {}));
    }

    const TransactionBench& bench_;
    std::mt19937 random_;
    std::vector<PlaceInTree> places_;
    unsigned snapshots_ = 0;
};

/// With so many files and rounds of writing.
inline TransactionBench scattered_bench(const FilesystemKind& kind, unsigned seed, unsigned files, unsigned rounds) {
    TransactionBench bench = empty_bench(kind);
    Scatterer scatterer(bench, seed);
    scatterer.begin(files);
    scatterer.go(rounds);
    return bench;
}

inline Result<defragment::Report> defragmented(const TransactionBench& bench, const defragment::Options& options = {},
                                               unsigned threads = 1) {
    const auto filesystem = bench.open();
    return defragment::run(filesystem, bench.writable(filesystem), options, {.parallelism = {.threads = threads}});
}

} // namespace btrkit::test
