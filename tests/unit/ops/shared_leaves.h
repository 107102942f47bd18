// SPDX-License-Identifier: MIT
// Subvolumes of so many files that their trees are three levels high, snapshots of them that have leaves of their own,
// and their deletion: each in a commit of its own.
#pragma once

#include "formats/btrfs/item_types.h"
#include "libfs/ops/commit/commit.h"
#include "tests/unit/ops/transaction_bench.h"

namespace btrkit::test {

inline constexpr u32 shared_file_count = 2600;

inline void touch(Transaction& transaction, u64 tree, u64 inode) {
    auto* buffer = must(transaction.tree(tree));
    auto item = must(buffer->find({inode, btrfs::item_type::inode_item, 0}));
    REQUIRE(item);
    auto* stored = reinterpret_cast<btrfs::InodeItem*>(item->body.data());
    stored->mtime.sec = stored->mtime.sec + 1;
    buffer->put(item->key, item->body);
}

/// All leaves that hold every `step`-th file become the snapshot's; 0: none.
inline void add_snapshot(const TransactionBench& bench, const std::string& source, const std::string& path, u64 step) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    SubvolumeEditor editor(transaction, {.sec = 3000});
    std::mt19937 random(static_cast<u32>(filesystem.super().generation));
    const auto place = must(editor.directories().find_parent(path));
    const u64 id = must(editor.snapshot(must(editor.find(source)), place, {.uuid = random_uuid(random)}));
    for (u64 number = step; step > 0 && number <= shared_file_count; number += step) {
        touch(transaction, id, btrfs::root_dir_inode + number);
    }
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
}

inline void remove_subvolume(const TransactionBench& bench, const std::string& path) {
    const auto filesystem = bench.open();
    auto transaction = must(Transaction::begin(filesystem, {}));
    SubvolumeEditor editor(transaction, {.sec = 4000});
    must(editor.remove(must(editor.find(path))));
    must(commit::run(transaction, bench.writable(filesystem), {}, {}));
}

} // namespace btrkit::test
