// SPDX-License-Identifier: MIT
#include "libfs/base/text_buffer.h"

namespace btrkit {

namespace {
constexpr std::string_view digits = "0123456789abcdef";
}

void TextBuffer::hex16(u64 value) {
    char* at = room_for(16);
    for (int shift = 60; shift >= 0; shift -= 4) {
        *at++ = digits[(value >> shift) & 0xf];
    }
    commit(16);
}

void TextBuffer::hex_bytes(Bytes bytes) {
    char* at = room_for(bytes.size() * 2);
    for (const std::byte byte : bytes) {
        *at++ = digits[std::to_integer<unsigned>(byte) >> 4];
        *at++ = digits[std::to_integer<unsigned>(byte) & 0xf];
    }
    commit(bytes.size() * 2);
}

void TextBuffer::grow(std::size_t length) {
    constexpr std::size_t smallest = 4096;
    const std::size_t capacity = std::max({capacity_ * 2, size_ + length, smallest});
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) {
        std::memcpy(larger.get(), data_.get(), size_);
    }
    data_ = std::move(larger);
    capacity_ = capacity;
}

} // namespace btrkit
