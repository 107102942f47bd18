// SPDX-License-Identifier: MIT
#include "libfs/survey/scan/scan_job.h"

#include "libfs/survey/scan/copies.h"

#include <fmt/format.h>

namespace btrkit::survey {

namespace {

/// The kernel knows two flags, and one revision of back references. Blocks that a relocation made hold their references
/// by address. That a block was not written is told with its items.
void check_header_flags(const BlockView& block, const Promise& promise, bool is_full_backref, u64 incompat_flags,
                        Problems& problems) {
    const u64 flags = block.header().flags;
    const u64 revision = flags >> btrfs::header_backref_revision_shift;
    const u64 known = btrfs::header_flag_written | (is_full_backref ? btrfs::header_flag_reloc : 0);
    const bool has_revision = (incompat_flags & btrfs::incompat_mixed_backref) == 0 || revision == 1;
    if ((flags & btrfs::header_flags_mask & ~known) != 0 || !has_revision) {
        problems.push_back({.code = ProblemCode::block_flags,
                            .place = {.logical = promise.address, .tree = promise.tree},
                            .detail = fmt::format("{:#x}", flags)});
    }
}

} // namespace

ReadBlock ScanTask::read_block(const Promise& promise, MutableBytes buffer, MutableBytes spare) const {
    if (!mode.thorough) {
        return reader.read(promise, buffer);
    }
    return std::move(read_all_copies(reader, {&promise, 1}, buffer, spare).front());
}

void ScanTask::check_flags(const BlockView& block, const Promise& promise, Problems& problems) const {
    // Where extent items are lost, nobody knows.
    const bool may_be_full_backref =
        is_full_backref(promise.address) || (mode.shares && !survey.unknown_extents.empty());
    check_header_flags(block, promise, may_be_full_backref, survey.geometry().incompat_flags, problems);
}

} // namespace btrkit::survey
