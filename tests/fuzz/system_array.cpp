// SPDX-License-Identifier: MIT
// Any bytes as the array of system chunks of an otherwise good superblock: opened, and read through what they say.
#include "libfs/volume/stripe_map.h"
#include "libfs/volume/volume.h"
#include "tests/fuzz/edited_image.h"

using namespace btrkit;

namespace {

/// A device with nothing on it but that superblock.
std::unique_ptr<BlockDevice> device_with(const btrfs::Superblock& super, u64 size_bytes) {
    const auto bytes = as_bytes_of(super);
    return std::make_unique<fuzz::SparseDevice>(
        size_bytes,
        std::map<u64, fuzz::SparseDevice::Block>{{btrfs::superblock_offsets[0], {bytes.begin(), bytes.end()}}});
}

void read_at(const Volume& volume, Logical at) {
    std::vector<std::byte> out(volume.geometry().nodesize);
    const unsigned mirrors = volume.mirror_count(at);
    for (unsigned mirror = 1; mirror <= mirrors; ++mirror) {
        static_cast<void>(volume.read(at, out, mirror));
    }
    for (const unsigned mirror : volume.mirror_order(at)) {
        static_cast<void>(volume.read(at, out, mirror));
    }
    std::vector<Volume::ReadRequest> requests(2, Volume::ReadRequest{at, out, false});
    volume.read_many(requests);
    volume.prefetch(std::span(&at, 1), volume.geometry().nodesize);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const auto base = fuzz::edited_image({});
    btrfs::Superblock super;
    if (!base->read(btrfs::superblock_offsets[0], std::as_writable_bytes(std::span(&super, 1)))) {
        return 0;
    }
    const auto length = std::min(size, super.sys_chunk_array.size());
    std::copy_n(data, length, super.sys_chunk_array.begin());
    super.sys_chunk_array_size = static_cast<u32>(length);
    fuzz::set_checksum(std::as_writable_bytes(std::span(&super, 1)));

    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(device_with(super, base->size_bytes()));
    const ProblemSink ignore = [](const Problem& problem) { static_cast<void>(describe(problem)); };
    const auto volume = Volume::open(std::move(devices), {}, ignore);
    if (!volume) {
        return 0;
    }
    volume->report_devices(ignore);
    constexpr std::size_t most_chunks = 16;
    for (const Chunk& chunk :
         volume->chunks().chunks().first(std::min(most_chunks, volume->chunks().chunks().size()))) {
        read_at(*volume, chunk.start);
        read_at(*volume, chunk.start + chunk.length / 2);
        read_at(*volume, chunk.start + (chunk.length - 1));
    }
    return 0;
}
