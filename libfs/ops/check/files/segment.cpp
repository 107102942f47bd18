// SPDX-License-Identifier: MIT
#include "libfs/ops/check/files/segment.h"

namespace btrkit::check {

namespace {

/// The inode that goes on beyond the end.
std::optional<InodeState>& open_end(Segment& segment) {
    return segment.is_single ? segment.first : segment.last;
}

void settle_into(Segment& segment, const std::optional<InodeState>& inode, const SettleInode& settle, u64 seed) {
    if (inode && !inode->is_partial) {
        settle(*inode);
        segment.balance += inode_sum(*inode, seed);
    }
}

/// The border lies inside an inode.
void join_inode(Segment& segment, const Segment& later, const SettleInode& settle, u64 seed) {
    auto& end = open_end(segment);
    end->append(*later.first);
    if (later.is_single) {
        return;
    }
    if (!segment.is_single) {
        settle_into(segment, end, settle, seed);
    }
    segment.last = later.last;
    segment.is_single = false;
}

/// The border lies between two inodes, or what is next to it is lost. What touches what is lost may have lost items
/// itself.
void join_border(Segment& segment, const Segment& later, const SettleInode& settle, u64 seed) {
    auto& end = open_end(segment);
    auto begin = later.first;
    if (end && !begin) {
        end->is_partial = true;
    } else if (begin && !end) {
        begin->is_partial = true;
    }
    if (!segment.is_single) {
        settle_into(segment, end, settle, seed);
    }
    if (later.is_single) {
        segment.last = begin;
    } else {
        settle_into(segment, begin, settle, seed);
        segment.last = later.last;
    }
    segment.is_single = false;
}

} // namespace

Segment Segment::of(const InodeState& inode) {
    Segment segment;
    segment.is_empty = false;
    segment.is_single = true;
    segment.inode_count = inode.has_item ? 1 : 0;
    segment.first = inode;
    return segment;
}

Segment Segment::hole() {
    Segment segment;
    segment.is_empty = false;
    segment.is_whole = false;
    return segment;
}

void append(Segment& segment, const Segment& later, const SettleInode& settle, u64 seed) {
    if (later.is_empty) {
        segment.balance += later.balance;
        return;
    }
    if (segment.is_empty) {
        const Sum128 before = segment.balance;
        segment = later;
        segment.balance += before;
        return;
    }
    segment.balance += later.balance;
    segment.is_whole &= later.is_whole;
    segment.inode_count += later.inode_count;
    auto& end = open_end(segment);
    const auto& begin = later.first;
    if (end && begin && end->inode == begin->inode) {
        join_inode(segment, later, settle, seed);
    } else {
        join_border(segment, later, settle, seed);
    }
}

void append(Segment& segment, const InodeState& inode, const SettleInode& settle, u64 seed) {
    const auto& end = open_end(segment);
    if (segment.is_empty || !end || end->inode == inode.inode) {
        return append(segment, Segment::of(inode), settle, seed);
    }
    if (!segment.is_single) {
        settle_into(segment, end, settle, seed);
    }
    segment.last = inode;
    segment.is_single = false;
    segment.inode_count += inode.has_item ? 1 : 0;
}

void close(Segment& segment, const SettleInode& settle, u64 seed) {
    settle_into(segment, segment.first, settle, seed);
    if (!segment.is_single) {
        settle_into(segment, segment.last, settle, seed);
    }
    segment.first.reset();
    segment.last.reset();
}

} // namespace btrkit::check
