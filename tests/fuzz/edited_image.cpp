// SPDX-License-Identifier: MIT
#include "tests/fuzz/edited_image.h"

#include "libfs/base/checksum.h"

#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace btrkit::fuzz {

namespace {

constexpr u64 device_size_bytes = u64{16} << 20;
constexpr std::size_t longest_edit = 32;

std::map<u64, SparseDevice::Block> read_base(const std::string& name) {
    const std::string path = BTRKIT_FUZZ_BASES + name;
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> content{std::istreambuf_iterator<char>(file), {}};
    const Bytes bytes = std::as_bytes(std::span(content));
    std::map<u64, SparseDevice::Block> blocks;
    constexpr std::size_t entry_size = sizeof(btrfs::le64) + block_size;
    for (std::size_t at = 0; at + entry_size <= bytes.size(); at += entry_size) {
        const Bytes block = bytes.subspan(at + sizeof(btrfs::le64), block_size);
        blocks[*view_at<btrfs::le64>(bytes, at)] = {block.begin(), block.end()};
    }
    if (blocks.empty()) {
        throw std::runtime_error("no " + path);
    }
    return blocks;
}

u8 take_byte(Bytes& rest) {
    const u8 byte = std::to_integer<u8>(rest.front());
    rest = rest.subspan(1);
    return byte;
}

} // namespace

Result<void> SparseDevice::read(u64 offset, MutableBytes out) const {
    if (offset > size_bytes_ || size_bytes_ - offset < out.size()) {
        return fail(ErrorKind::io, name_ + ": cannot read at offset " + std::to_string(offset) + ": beyond the end");
    }
    std::ranges::fill(out, std::byte{0});
    auto at = blocks_.upper_bound(offset);
    if (at != blocks_.begin()) {
        --at;
    }
    for (; at != blocks_.end() && at->first < offset + out.size(); ++at) {
        const auto& [start, block] = *at;
        const u64 from = std::max(offset, start);
        const u64 to = std::min(offset + out.size(), start + block.size());
        if (from < to) {
            std::copy_n(block.begin() + static_cast<std::ptrdiff_t>(from - start), to - from,
                        out.begin() + static_cast<std::ptrdiff_t>(from - offset));
        }
    }
    return {};
}

void set_checksum(MutableBytes block) {
    const auto csum = checksum(btrfs::CsumType::crc32c, block.subspan(btrfs::max_csum_size));
    std::ranges::copy(std::as_bytes(std::span(csum)), block.begin());
}

std::unique_ptr<BlockDevice> edited_image(Bytes edits, Base base) {
    static const auto everything = read_base("base.blocks");
    static const auto history = read_base("history.blocks");
    auto blocks = base == Base::history ? history : everything;
    std::set<u64> edited;
    constexpr std::size_t head_size = 4;
    while (edits.size() > head_size) {
        auto& [offset, block] = *std::next(blocks.begin(), take_byte(edits) % static_cast<int>(blocks.size()));
        const std::size_t low = take_byte(edits);
        const std::size_t at = (std::size_t{take_byte(edits)} << 8 | low) % block_size;
        const std::size_t length = std::min({take_byte(edits) % longest_edit + 1, edits.size(), block_size - at});
        std::ranges::copy(edits.first(length), block.begin() + static_cast<std::ptrdiff_t>(at));
        edits = edits.subspan(length);
        edited.insert(offset);
    }
    for (const u64 offset : edited) {
        set_checksum(blocks[offset]);
    }
    return std::make_unique<SparseDevice>(device_size_bytes, std::move(blocks));
}

} // namespace btrkit::fuzz
