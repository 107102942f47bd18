// SPDX-License-Identifier: MIT
// A name stands three times in a tree: as DIR_ITEM and as DIR_INDEX in the directory, and as a reference in the inode.
// These are the records that must cancel out.
#pragma once

#include "libfs/fs/name_items.h"
#include "libfs/ops/check/files/sum128.h"

namespace btrkit::check {

/// The kinds of what is summed up; no two of them can cancel each other.
enum class RecordKind : u64 { by_name = 1, by_index, type, orphan };

/// What a name adds to the sum: directory items and indexes on one side, references on the other. The file type is
/// taken away once for each entry when the inode is complete: file_type_record().
inline Sum128 name_sum(const NameRecord& record, u64 seed) {
    const Sum128 name = hash_bytes(record.name, seed);
    const auto by_name = [&] {
        return hash_words<5>({static_cast<u64>(RecordKind::by_name), record.parent, record.child, name.low, name.high},
                             seed);
    };
    const auto by_index = [&] {
        return hash_words<6>(
            {static_cast<u64>(RecordKind::by_index), record.parent, record.child, record.index, name.low, name.high},
            seed);
    };
    Sum128 sum;
    switch (record.form) {
    case NameRecord::Form::dir_item: sum += by_name(); break;
    case NameRecord::Form::dir_index: sum += by_index(); break;
    case NameRecord::Form::inode_ref:
        sum -= by_name();
        sum -= by_index();
        break;
    }
    return sum;
}

inline Sum128 file_type_record(u64 inode, u8 file_type, u64 seed) {
    return hash_words<3>({static_cast<u64>(RecordKind::type), inode, file_type}, seed);
}

/// For each orphan item; taken away for each inode without names.
inline Sum128 orphan_record(u64 inode, u64 seed) {
    return hash_words<2>({static_cast<u64>(RecordKind::orphan), inode}, seed);
}

} // namespace btrkit::check
