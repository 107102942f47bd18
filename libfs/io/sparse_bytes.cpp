// SPDX-License-Identifier: MIT
#include "libfs/io/sparse_bytes.h"

#include <algorithm>
#include <cstring>

namespace btrkit {

namespace {

constexpr std::array<std::byte, SparseBytes::page_bytes> zeros = {};

bool is_zero(Bytes bytes) {
    return std::memcmp(bytes.data(), zeros.data(), bytes.size()) == 0;
}

} // namespace

SparseBytes::SparseBytes(Bytes bytes) : SparseBytes(u64{bytes.size()}) {
    write(0, bytes);
}

void SparseBytes::read(u64 offset, MutableBytes out) const {
    while (!out.empty()) {
        const auto from = part(offset).first(length_in_page(offset, out.size()));
        std::memcpy(out.data(), from.data(), from.size());
        offset += from.size();
        out = out.subspan(from.size());
    }
}

void SparseBytes::write(u64 offset, Bytes bytes) {
    while (!bytes.empty()) {
        const auto from = bytes.first(length_in_page(offset, bytes.size()));
        if (pages_[offset / page_bytes] != nullptr || !is_zero(from)) {
            std::memcpy(part(offset).data(), from.data(), from.size());
        }
        offset += from.size();
        bytes = bytes.subspan(from.size());
    }
}

void SparseBytes::zero(u64 offset, u64 length_bytes) {
    while (length_bytes > 0) {
        const u64 length = length_in_page(offset, length_bytes);
        auto& page = pages_[offset / page_bytes];
        if (length == page_bytes) {
            page = nullptr;
        } else if (page != nullptr) {
            std::ranges::fill(part(offset).first(length), std::byte{0});
        }
        offset += length;
        length_bytes -= length;
    }
}

Bytes SparseBytes::part(u64 offset) const {
    const auto& page = pages_[offset / page_bytes];
    const Page& bytes = page != nullptr ? *page : zeros;
    return Bytes(bytes).subspan(offset % page_bytes, length_in_page(offset, size_bytes_ - offset));
}

MutableBytes SparseBytes::part(u64 offset) {
    auto& page = pages_[offset / page_bytes];
    if (page == nullptr) {
        page = std::make_shared<Page>(zeros);
    } else if (page.use_count() > 1) {
        page = std::make_shared<Page>(*page);
    }
    return MutableBytes(*page).subspan(offset % page_bytes, length_in_page(offset, size_bytes_ - offset));
}

bool SparseBytes::is_same(const SparseBytes& other, u64 begin, u64 end) const {
    while (begin < end) {
        const u64 length = length_in_page(begin, end - begin);
        const auto& ours = pages_[begin / page_bytes];
        const auto& theirs = other.pages_[begin / page_bytes];
        if (ours != theirs && std::memcmp(part(begin).data(), other.part(begin).data(), length) != 0) {
            return false;
        }
        begin += length;
    }
    return true;
}

} // namespace btrkit
