// SPDX-License-Identifier: MIT
#include "libfs/io/overlay_device.h"

#include <algorithm>
#include <mutex>

namespace btrkit {

namespace {

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
            const auto piece = pieces_.find(offset / piece_bytes);
            const u64 number = offset / block_bytes % piece_blocks;
            if (piece != pieces_.end() && piece->second.written.test(number)) {
                BTRKIT_TRY(read_stored(piece->second, number, offset % block_bytes, part));
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
    const auto piece = pieces_.find(block / piece_blocks);
    if (piece != pieces_.end() && piece->second.written.test(block % piece_blocks)) {
        return write_stored(piece->second, block % piece_blocks, within, part);
    }
    const u64 length = length_of(block);
    if (part.size() == length) {
        return put_block(block, part);
    }
    std::array<std::byte, block_bytes> merged;
    const auto whole = std::span(merged).first(length);
    BTRKIT_TRY(below_.read(block * block_bytes, whole));
    std::ranges::copy(part, whole.begin() + static_cast<std::ptrdiff_t>(within));
    return put_block(block, whole);
}

/// One that is not here yet: into memory, as long as there is room.
Result<void> OverlayDevice::put_block(u64 block, Bytes whole) {
    auto& piece = pieces_[block / piece_blocks];
    const u64 number = block % piece_blocks;
    if (!piece.touched.test(number) && free_memory_blocks_ > 0) {
        --free_memory_blocks_;
        piece.touched.set(number);
        if (!piece.memory) {
            piece.memory = std::make_unique_for_overwrite<std::byte[]>(piece_bytes);
        }
    }
    if (!piece.touched.test(number)) {
        BTRKIT_TRY_ASSIGN(const Slot slot, take_slot());
        piece.spilled[number] = slot;
    }
    if (auto done = write_stored(piece, number, 0, whole); !done) {
        forget(piece, number);
        return done;
    }
    piece.written.set(number);
    return {};
}

void OverlayDevice::forget(Piece& piece, u64 number) {
    if (const auto slot = piece.spilled.find(number); slot != piece.spilled.end()) {
        free_slots_.push_back(slot->second);
        piece.spilled.erase(slot);
    }
    piece.written.reset(number);
}

Result<void> OverlayDevice::discard(u64 offset, u64 length_bytes) {
    BTRKIT_TRY(check_range("discard", offset, length_bytes));
    const std::unique_lock lock(mutex_);
    const u64 end = offset + length_bytes;
    for (auto at = pieces_.lower_bound(offset / piece_bytes); at != pieces_.end() && at->first * piece_bytes < end;) {
        auto& piece = at->second;
        for (u64 number = 0; number < piece_blocks; ++number) {
            const u64 block = at->first * piece_blocks + number;
            const bool is_whole = piece.written.test(number) && block * block_bytes >= offset &&
                                  block * block_bytes + length_of(block) <= end;
            if (is_whole) {
                forget(piece, number);
            }
        }
        if (piece.written.any()) {
            ++at;
        } else {
            free_memory_blocks_ += piece.touched.count();
            at = pieces_.erase(at);
        }
    }
    return {};
}

Result<OverlayDevice::Slot> OverlayDevice::take_slot() {
    if (!free_slots_.empty()) {
        const Slot slot = free_slots_.back();
        free_slots_.pop_back();
        return slot;
    }
    if (!spill_) {
        BTRKIT_TRY_ASSIGN(spill_, TemporaryFile::make(directory_));
    }
    return next_slot_++;
}

Result<void> OverlayDevice::write_stored(Piece& piece, u64 number, u64 within, Bytes bytes) {
    if (const auto slot = piece.spilled.find(number); slot != piece.spilled.end()) {
        return spill_->write(slot->second * block_bytes + within, bytes);
    }
    std::ranges::copy(bytes, piece.memory.get() + number * block_bytes + within);
    return {};
}

Result<void> OverlayDevice::read_stored(const Piece& piece, u64 number, u64 within, MutableBytes out) const {
    if (const auto slot = piece.spilled.find(number); slot != piece.spilled.end()) {
        return spill_->read(slot->second * block_bytes + within, out);
    }
    std::ranges::copy_n(piece.memory.get() + number * block_bytes + within, static_cast<std::ptrdiff_t>(out.size()),
                        out.begin());
    return {};
}

/// Blocks of one piece that were all written.
Result<void> OverlayDevice::apply_run(const Piece& piece, u64 first_block, u64 behind, WritableDevice& to) const {
    const u64 begin = first_block * block_bytes;
    const u64 length = std::min(behind * block_bytes, size_bytes()) - begin;
    const u64 first = first_block % piece_blocks;
    const u64 last = (behind - 1) % piece_blocks;
    if (piece.spilled.lower_bound(first) == piece.spilled.upper_bound(last)) {
        return to.write(begin, Bytes(piece.memory.get() + first * block_bytes, length));
    }
    std::vector<std::byte> run(length);
    for (u64 number = first; number <= last; ++number) {
        const auto part = in_one_block(0, MutableBytes(run).subspan((number - first) * block_bytes));
        BTRKIT_TRY(read_stored(piece, number, 0, part));
    }
    return to.write(begin, run);
}

Result<void> OverlayDevice::apply(WritableDevice& to) const {
    const std::shared_lock lock(mutex_);
    for (const auto& [index, piece] : pieces_) {
        for (u64 number = 0; number < piece_blocks;) {
            const u64 first = number;
            while (number < piece_blocks && piece.written.test(number)) {
                ++number;
            }
            if (number > first) {
                BTRKIT_TRY(apply_run(piece, index * piece_blocks + first, index * piece_blocks + number, to));
            }
            number += number == first ? 1 : 0;
        }
    }
    return {};
}

} // namespace btrkit
