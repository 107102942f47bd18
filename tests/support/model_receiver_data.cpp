// SPDX-License-Identifier: MIT
// Of ModelReceiver: what changes the bytes of files.
#include "formats/send/stream.h"
#include "libfs/fs/compression.h"
#include "tests/support/model_receiver.h"

#include <fmt/format.h>
#include <linux/falloc.h>
#include <sys/stat.h>

namespace btrkit::test {

namespace {

using A = btrfs::send::Attribute;

constexpr u64 most_file_bytes = u64{64} << 20; ///< larger ones no test has
constexpr std::string_view capability = "security.capability";

std::optional<btrfs::Compression> compression_of(u64 stored) {
    using btrfs::send::EncodedCompression;
    switch (static_cast<EncodedCompression>(stored)) {
    case EncodedCompression::none: return btrfs::Compression::none;
    case EncodedCompression::zlib: return btrfs::Compression::zlib;
    case EncodedCompression::zstd: return btrfs::Compression::zstd;
    case EncodedCompression::lzo_4k: return btrfs::Compression::lzo;
    default: return std::nullopt;
    }
}

} // namespace

/// What every change of a file's bytes or owner does.
void ModelReceiver::lose_privileges(ModelNode& node) {
    node.xattrs.erase(std::string(capability));
}

ModelReceiver::What ModelReceiver::write_bytes(ModelNode& file, u64 offset, Bytes bytes) {
    if (offset > most_file_bytes || bytes.size() > most_file_bytes) {
        return "out of bounds";
    }
    if (file.content.size() < offset + bytes.size()) {
        file.content.resize(offset + bytes.size());
    }
    std::ranges::copy(bytes, file.content.begin() + static_cast<std::ptrdiff_t>(offset));
    lose_privileges(file);
    touch(file, tick());
    return {};
}

ModelReceiver::What ModelReceiver::write(const StreamCommand& command) {
    What what;
    auto* found = file(command.text(A::path), what);
    return found == nullptr ? what : write_bytes(*found, command.integer(A::file_offset), command.data(A::data));
}

ModelReceiver::What ModelReceiver::clone(const StreamCommand& command) {
    What what;
    auto* target = file(command.text(A::path), what);
    if (target == nullptr) {
        return what;
    }
    const auto origin = std::ranges::find_if(subvolumes_, [&](const ModelSubvolume& known) {
        return known.uuid == command.uuid(A::clone_uuid) && known.ctransid == command.integer(A::clone_ctransid);
    });
    if (origin == subvolumes_.end()) {
        return "the source's subvolume was not received";
    }
    const u32 number = resolve(*origin, command.text(A::clone_path), what);
    if (!what.empty()) {
        return "source: " + what;
    }
    const auto& source = origin->nodes.at(number);
    const u64 from = command.integer(A::clone_offset);
    const u64 to = command.integer(A::file_offset);
    const u64 length = command.integer(A::clone_len);
    if (!S_ISREG(source.mode) || length == 0 || from > source.content.size() || length > source.content.size() - from) {
        return fmt::format("source: not in the file: {}+{} of {} bytes", from, length, source.content.size());
    }
    const bool is_to_end = from + length == source.content.size() && to + length >= target->content.size();
    if (!is_aligned(from, sectorsize_) || !is_aligned(to, sectorsize_) ||
        (!is_aligned(length, sectorsize_) && !is_to_end)) {
        return "not aligned";
    }
    if (&source == target && std::max(from, to) < std::min(from, to) + length) {
        return "from itself to itself";
    }
    const auto part = clipped(source.content, from, length);
    const std::vector<std::byte> bytes(part.begin(), part.end()); // the target may be the source
    return write_bytes(*target, to, bytes);
}

ModelReceiver::What ModelReceiver::truncate(const StreamCommand& command) {
    What what;
    const u64 size = command.integer(A::size);
    auto* found = file(command.text(A::path), what);
    if (found == nullptr || size > most_file_bytes) {
        return found == nullptr ? what : "out of bounds";
    }
    found->content.resize(size);
    lose_privileges(*found);
    touch(*found, tick());
    return {};
}

ModelReceiver::What ModelReceiver::update_extent(const StreamCommand& command) {
    What what;
    if (file(command.text(A::path), what) != nullptr) {
        now().update_extents.emplace(command.text(A::path));
    }
    return what;
}

ModelReceiver::What ModelReceiver::fallocate(const StreamCommand& command) {
    What what;
    auto* found = file(command.text(A::path), what);
    if (found == nullptr) {
        return what;
    }
    const u64 begin = command.integer(A::file_offset);
    const u64 length = command.integer(A::size);
    if (command.integer(A::fallocate_mode) != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) || length == 0) {
        return "not a hole";
    }
    if (begin < found->content.size()) {
        std::ranges::fill(std::span(found->content).subspan(begin, std::min(length, found->content.size() - begin)),
                          std::byte{0});
    }
    lose_privileges(*found);
    touch(*found, tick());
    return {};
}

ModelReceiver::What ModelReceiver::encoded_write(const StreamCommand& command) {
    What what;
    auto* found = file(command.text(A::path), what);
    if (found == nullptr) {
        return what;
    }
    const u64 to = command.integer(A::file_offset);
    const u64 file_length = command.integer(A::unencoded_file_len);
    const u64 unpacked_length = command.integer(A::unencoded_len);
    const u64 offset = command.integer(A::unencoded_offset);
    const auto algorithm = compression_of(command.integer(A::compression));
    if (!algorithm || unpacked_length > max_compressed_extent_bytes || file_length > unpacked_length ||
        offset > unpacked_length - file_length) { // what is not aligned, receivers unpack and write
        return "lengths that don't fit";
    }
    std::vector<std::byte> unpacked(unpacked_length);
    if (*algorithm == btrfs::Compression::none) {
        return "not compressed";
    }
    if (const auto done = Decompressor(sectorsize_).decompress(*algorithm, command.data(A::data), unpacked); !done) {
        return done.error().message;
    }
    return write_bytes(*found, to, clipped(unpacked, offset, file_length));
}

ModelReceiver::What ModelReceiver::enable_verity(const StreamCommand& command) {
    What what;
    if (auto* found = file(command.text(A::path), what)) {
        found->has_verity = true;
    }
    return what;
}

} // namespace btrkit::test
