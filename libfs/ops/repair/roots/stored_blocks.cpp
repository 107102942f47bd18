// SPDX-License-Identifier: MIT
#include "libfs/ops/repair/roots/stored_blocks.h"

#include "libfs/tree/block_view.h"

namespace btrkit::repair {

namespace {

constexpr u64 step_bytes = u64{1} << 20;

void visit_step(const Geometry& geometry, Bytes step, Logical start, const StoredBlockVisitor& visit) {
    for (u64 at = 0; at + geometry.nodesize <= step.size(); at += geometry.nodesize) {
        const Bytes block = step.subspan(at, geometry.nodesize);
        const auto& header = BlockView(block).header();
        if (header.bytenr == start.bytenr + at && geometry.owns_fsid(header.fsid)) {
            visit(block, start + at);
        }
    }
}

} // namespace

Result<void> visit_stored_blocks(const Filesystem& filesystem, const RunContext& context,
                                 const StoredBlockVisitor& visit) {
    const auto& volume = filesystem.volume();
    std::vector<std::byte> buffer(step_bytes);
    for (const auto& chunk : volume.chunks().chunks()) {
        if ((chunk.type & btrfs::block_group_metadata) == 0) {
            continue;
        }
        for (u64 done = 0; done < chunk.length; done += step_bytes) {
            if (context.stop.stop_requested()) {
                return fail(ErrorKind::cancelled, "stopped; nothing was changed");
            }
            const Logical start = chunk.start + done;
            const auto step = std::span(buffer).first(std::min(step_bytes, chunk.length - done));
            context.progress.advance(step.size());
            for (unsigned mirror = 1; mirror <= volume.mirror_count(start); ++mirror) {
                if (volume.read(start, step, mirror)) {
                    visit_step(filesystem.geometry(), step, start, visit);
                }
            }
        }
    }
    return {};
}

} // namespace btrkit::repair
