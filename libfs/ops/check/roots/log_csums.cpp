// SPDX-License-Identifier: MIT
#include "libfs/ops/check/roots/log_csums.h"

#include "formats/btrfs/item_types.h"
#include "libfs/fs/data_checksums.h"
#include "libfs/fs/stored_extent.h"
#include "libfs/tree/csum_key.h"

#include <limits>

#include <fmt/format.h>

namespace btrkit::check {

using namespace survey;

namespace {

bool has_checksums_by_flags(Bytes inode_item) {
    const auto* inode = view_at<btrfs::InodeItem>(inode_item);
    return inode != nullptr && (inode->flags & btrfs::inode_nodatasum) == 0;
}

/// The bytes whose checksums replay looks for; nothing of holes and of space without data. Of a compressed extent all
/// is read whatever part a file shows.
std::optional<Range> range_with_checksums(Bytes body) {
    const auto extent = stored_extent(body);
    const Range needed = extent && extent->is_written() ? extent->needed() : Range{};
    return needed.length() == 0 ? std::nullopt : std::optional(needed);
}

} // namespace

LogCsums::LogCsums(Context& context, const RootRecord& subvolume)
    : context_(context), subvolume_(context.filesystem.reader(), subvolume.root.block) {}

Range LogCsums::covered_by(const btrfs::Key& key, Bytes body) const {
    const auto& geometry = context_.geometry();
    const u64 bytes = body.size() / geometry.csum_size_bytes * geometry.sectorsize;
    return {key.offset, key.offset + std::min(bytes, std::numeric_limits<u64>::max() - key.offset)};
}

void LogCsums::accept_csums(const btrfs::Key& key, Bytes body) {
    logged_.append(covered_by(key, body));
}

void LogCsums::accept_inode(const btrfs::Key& key, Bytes body) {
    inode_ = key.objectid;
    inode_has_checksums_ = has_checksums_by_flags(body);
}

void LogCsums::accept_extent(const btrfs::Key& key, Bytes body, const Place& place) {
    const auto range = range_with_checksums(body);
    if (!range || !is_aligned(range->start | range->end, context_.geometry().sectorsize) ||
        !has_checksums(key.objectid)) {
        return;
    }
    needed_.push_back({.range = *range, .place = place});
    if (needed_.size() == batch_size) {
        settle();
    }
}

/// By the inode item of the log or, where the log has none, of the subvolume.
bool LogCsums::has_checksums(u64 inode) {
    if (inode_ != inode) {
        const btrfs::Key key{inode, btrfs::item_type::inode_item, 0};
        inode_ = inode;
        inode_has_checksums_ =
            subvolume_.seek(key) && subvolume_.key() == key && has_checksums_by_flags(subvolume_.data());
    }
    return inode_has_checksums_;
}

/// What the checksum tree has of these ranges, and perhaps more.
Result<RangeSet> LogCsums::stored(const RangeSet& ranges) const {
    RangeSet covered;
    const auto* tree = context_.roots.find(btrfs::csum_tree_id);
    if (tree == nullptr) {
        return fail(ErrorKind::not_found, "there is no checksum tree");
    }
    u64 next = 0; // items from there on have not been taken
    for (const auto& range : ranges.ranges()) {
        const u64 reach = std::min(range.start, most_covered_bytes(context_.geometry()));
        ItemRange items(context_.filesystem.reader(), tree->root.block,
                        KeyRange::through(csum_key(std::max(next, range.start - reach)), csum_key(range.end - 1)));
        auto there = items.next();
        for (; there && *there; there = items.next()) {
            covered.append(covered_by(items.key(), items.data()));
            next = items.key().offset + 1;
        }
        if (!there) {
            return std::unexpected(there.error());
        }
    }
    return covered;
}

/// Compares what is needed so far with what is there.
void LogCsums::settle() {
    std::ranges::sort(needed_, {}, [](const Needed& one) { return std::pair(one.range, *one.place.key); });
    RangeSet wanted;
    for (const auto& one : needed_) {
        wanted.append(one.range);
    }
    const auto not_logged = difference(wanted, logged_);
    const auto found = stored(not_logged);
    if (!found) {
        context_.findings.report(ProblemCode::not_checked, {.tree = btrfs::tree_log_id},
                                 "checksums of logged data: " + found.error().message);
        needed_.clear();
        return;
    }
    const auto missing = difference(not_logged, *found);
    for (auto& one : needed_) {
        if (missing.intersects(one.range)) {
            one.place.inode = one.place.key->objectid;
            context_.findings.report(ProblemCode::log_csum_missing, std::move(one.place),
                                     fmt::format("data at {}, {} bytes", one.range.start, one.range.length()));
        }
    }
    needed_.clear();
}

} // namespace btrkit::check
