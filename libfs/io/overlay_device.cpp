// SPDX-License-Identifier: MIT
#include "libfs/io/overlay_device.h"

#include <algorithm>
#include <mutex>

namespace btrkit {

namespace {

/// apply() joins neighbours up to so much.
constexpr u64 largest_write_bytes = u64{1} << 20;

/// The bytes from offset on that lie in the same block.
template <class Span>
Span in_one_block(u64 offset, Span bytes) {
    return bytes.first(std::min<u64>(bytes.size(), OverlayDevice::block_bytes - offset % OverlayDevice::block_bytes));
}

} // namespace

Result<void> OverlayDevice::read(u64 offset, MutableBytes out) const {
    BTRKIT_TRY(check_range("read", offset, out.size()));
    struct Gap {
        u64 offset;
        MutableBytes out;
    };
    std::vector<Gap> gaps; // what nothing was written to; neighbours are one
    {
        const std::shared_lock lock(mutex_);
        while (!out.empty()) {
            const auto part = in_one_block(offset, out);
            if (const auto found = blocks_.find(offset / block_bytes); found != blocks_.end()) {
                BTRKIT_TRY(read_slot(found->second, offset % block_bytes, part));
            } else if (!gaps.empty() && gaps.back().offset + gaps.back().out.size() == offset) {
                gaps.back().out = {gaps.back().out.data(), gaps.back().out.size() + part.size()};
            } else {
                gaps.push_back({offset, part});
            }
            offset += part.size();
            out = out.subspan(part.size());
        }
    }
    // Without the lock: whatever is written beside it now leaves these bytes as they are below.
    for (const auto& gap : gaps) {
        BTRKIT_TRY(below_.read(gap.offset, gap.out));
    }
    return {};
}

Result<void> OverlayDevice::write(u64 offset, Bytes bytes) {
    BTRKIT_TRY(check_range("write", offset, bytes.size()));
    const std::unique_lock lock(mutex_);
    while (!bytes.empty()) {
        const auto part = in_one_block(offset, bytes);
        BTRKIT_TRY(write_part(offset / block_bytes, offset % block_bytes, part));
        offset += part.size();
        bytes = bytes.subspan(part.size());
    }
    return {};
}

Result<void> OverlayDevice::write_part(u64 block, u64 within, Bytes part) {
    if (const auto found = blocks_.find(block); found != blocks_.end()) {
        return write_slot(found->second, within, part);
    }
    Block merged;
    Bytes whole = part;
    if (const u64 length = length_of(block); part.size() < length) {
        BTRKIT_TRY(below_.read(block * block_bytes, std::span(merged).first(length)));
        std::ranges::copy(part, merged.begin() + static_cast<std::ptrdiff_t>(within));
        whole = Bytes(merged).first(length);
    }
    BTRKIT_TRY_ASSIGN(const Slot slot, take_slot());
    if (auto done = write_slot(slot, 0, whole); !done) {
        free_slots_.push_back(slot);
        return done;
    }
    blocks_.emplace(block, slot);
    return {};
}

Result<void> OverlayDevice::discard(u64 offset, u64 length_bytes) {
    BTRKIT_TRY(check_range("discard", offset, length_bytes));
    const std::unique_lock lock(mutex_);
    const u64 end = offset + length_bytes;
    const auto first = blocks_.lower_bound(offset / block_bytes + (offset % block_bytes != 0 ? 1 : 0));
    auto behind = first;
    for (; behind != blocks_.end() && behind->first * block_bytes + length_of(behind->first) <= end; ++behind) {
        free_slots_.push_back(behind->second);
    }
    blocks_.erase(first, behind);
    return {};
}

Result<OverlayDevice::Slot> OverlayDevice::take_slot() {
    if (!free_slots_.empty()) {
        const Slot slot = free_slots_.back();
        free_slots_.pop_back();
        return slot;
    }
    if (next_slot_ < memory_slots_) {
        memory_.push_back(std::make_unique_for_overwrite<Block>());
    } else if (!spill_) {
        BTRKIT_TRY_ASSIGN(spill_, TemporaryFile::make(directory_));
    }
    return next_slot_++;
}

Result<void> OverlayDevice::write_slot(Slot slot, u64 within, Bytes bytes) {
    if (slot < memory_slots_) {
        std::ranges::copy(bytes, memory_[slot]->begin() + static_cast<std::ptrdiff_t>(within));
        return {};
    }
    return spill_->write((slot - memory_slots_) * block_bytes + within, bytes);
}

Result<void> OverlayDevice::read_slot(Slot slot, u64 within, MutableBytes out) const {
    if (slot < memory_slots_) {
        std::ranges::copy(std::span(*memory_[slot]).subspan(within, out.size()), out.begin());
        return {};
    }
    return spill_->read((slot - memory_slots_) * block_bytes + within, out);
}

Result<void> OverlayDevice::apply(WritableDevice& to) const {
    const std::shared_lock lock(mutex_);
    std::vector<std::byte> run;
    for (auto at = blocks_.begin(); at != blocks_.end();) {
        const u64 begin = at->first * block_bytes;
        run.clear();
        for (; at != blocks_.end() && at->first * block_bytes == begin + run.size() && run.size() < largest_write_bytes;
             ++at) {
            run.resize(run.size() + length_of(at->first));
            BTRKIT_TRY(read_slot(at->second, 0, std::span(run).last(length_of(at->first))));
        }
        BTRKIT_TRY(to.write(begin, run));
    }
    return {};
}

} // namespace btrkit
