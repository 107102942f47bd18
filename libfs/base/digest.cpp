// SPDX-License-Identifier: MIT
#include "libfs/base/digest.h"

#include "libfs/base/checksum.h"
#include "libfs/base/text_buffer.h"

#include <algorithm>
#include <new>

#include <gcrypt.h>

namespace btrkit {

struct Sha256::State {
    gcry_md_hd_t handle = nullptr;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    // Makes libgcrypt ready, once for the process.
    checksum(btrfs::CsumType::sha256, {});
    if (gcry_md_open(&state_->handle, GCRY_MD_SHA256, 0) != 0) {
        throw std::bad_alloc();
    }
}

Sha256::~Sha256() {
    gcry_md_close(state_->handle);
}

void Sha256::add(Bytes bytes) {
    gcry_md_write(state_->handle, bytes.data(), bytes.size());
}

void Sha256::add_zeros(u64 length) {
    static constexpr std::array<std::byte, 16384> zeros{};
    while (length > 0) {
        const auto part = std::min<u64>(length, zeros.size());
        add(Bytes(zeros).first(part));
        length -= part;
    }
}

std::string Sha256::take_text() {
    constexpr std::size_t digest_bytes = 32;
    TextBuffer text;
    text.hex_bytes(std::as_bytes(std::span(gcry_md_read(state_->handle, GCRY_MD_SHA256), digest_bytes)));
    gcry_md_reset(state_->handle);
    return std::string(text.view());
}

} // namespace btrkit
