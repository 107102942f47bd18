// SPDX-License-Identifier: MIT
// System chunks stand twice: in the chunk tree and in the superblock's array, through which the chunk tree is found.
#include "libfs/ops/check/devices/device_facts.h"
#include "libfs/volume/sys_chunk_array.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace btrkit::check {

void check_system_array(Context& context, const DeviceFacts& facts) {
    const auto array = system_chunk_items(context.filesystem.super());
    std::set<u64> in_array;
    for (const auto& item : array.items) {
        in_array.insert(item.key.offset);
        const ChunkRecord* record = facts.find_chunk(item.key.offset);
        const Place place{.logical = Logical{item.key.offset}, .key = item.key};
        if (item.body.empty()) {
            continue; // told when the array was read
        }
        if (record == nullptr && facts.chunks_complete) {
            context.findings.report(ProblemCode::chunk_missing, place,
                                    fmt::format("chunk {} is not in the chunk tree", item.key.offset));
        } else if (record != nullptr && !std::ranges::equal(record->body, item.body)) {
            context.findings.report(ProblemCode::sys_array_differs, record->place,
                                    fmt::format("chunk {}", item.key.offset));
        }
    }
    for (const auto& [start, record] : facts.chunks) {
        const bool is_system = (record.chunk.type & btrfs::block_group_system) != 0;
        if (is_system && array.damage.empty() && !in_array.contains(start)) {
            context.findings.report(ProblemCode::chunk_missing, record.place,
                                    fmt::format("chunk {} is not in the superblock's array", start));
        }
    }
}

} // namespace btrkit::check
