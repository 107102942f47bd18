// SPDX-License-Identifier: MIT
#include "libfs/io/window_device.h"

#include <numeric>

namespace btrkit {

namespace {

u64 total_bytes(std::span<const MutableBytes> outs) {
    return std::accumulate(outs.begin(), outs.end(), u64{0},
                           [](u64 sum, const MutableBytes& out) { return sum + out.size(); });
}

/// A hint may ask for more than there is.
void prefetch_inside(const BlockDevice& around, const Window& window, u64 offset, u64 length_bytes) {
    if (offset < window.length_bytes) {
        around.prefetch(window.offset + offset, std::min(length_bytes, window.length_bytes - offset));
    }
}

} // namespace

Result<void> WindowDevice::read(u64 offset, MutableBytes out) const {
    BTRKIT_TRY(check_range("read", offset, out.size()));
    return around_->read(window_.offset + offset, out);
}

Result<void> WindowDevice::read_scattered(u64 offset, std::span<const MutableBytes> outs) const {
    BTRKIT_TRY(check_range("read", offset, total_bytes(outs)));
    return around_->read_scattered(window_.offset + offset, outs);
}

void WindowDevice::prefetch(u64 offset, u64 length_bytes) const {
    prefetch_inside(*around_, window_, offset, length_bytes);
}

Result<void> WritableWindow::read(u64 offset, MutableBytes out) const {
    BTRKIT_TRY(check_range("read", offset, out.size()));
    return around_->read(window_.offset + offset, out);
}

Result<void> WritableWindow::read_scattered(u64 offset, std::span<const MutableBytes> outs) const {
    BTRKIT_TRY(check_range("read", offset, total_bytes(outs)));
    return around_->read_scattered(window_.offset + offset, outs);
}

void WritableWindow::prefetch(u64 offset, u64 length_bytes) const {
    prefetch_inside(*around_, window_, offset, length_bytes);
}

void WritableWindow::begin_flush(u64 offset, u64 length_bytes) {
    if (offset < window_.length_bytes) {
        around_->begin_flush(window_.offset + offset, std::min(length_bytes, window_.length_bytes - offset));
    }
}

Result<void> WritableWindow::write(u64 offset, Bytes bytes) {
    BTRKIT_TRY(check_range("write", offset, bytes.size()));
    return around_->write(window_.offset + offset, bytes);
}

Result<void> WritableWindow::discard(u64 offset, u64 length_bytes) {
    BTRKIT_TRY(check_range("discard", offset, length_bytes));
    return around_->discard(window_.offset + offset, length_bytes);
}

Result<void> WritableWindow::clone(int source, u64 source_offset, u64 length_bytes, u64 offset) {
    BTRKIT_TRY(check_range("clone", offset, length_bytes));
    return around_->clone(source, source_offset, length_bytes, window_.offset + offset);
}

} // namespace btrkit
