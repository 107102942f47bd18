// SPDX-License-Identifier: MIT
// A dump, restored to devices in memory. The lowest bit of the first byte says that the rest is taken as it is. Else it
// is pieces, each {bit 0: the end, else records, 1 byte; length, 2 bytes; body}, which are packed and get heads and
// checks, behind the start of a dump of two devices.
#include "libfs/io/overlay_device.h"
#include "libfs/ops/dump_image/dump_check.h"
#include "libfs/ops/dump_image/restore.h"
#include "tests/support/zero_device.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include <zstd.h>

using namespace btrkit;

namespace {

constexpr u64 device_bytes = u64{1} << 20;

void append(std::vector<std::byte>& to, Bytes bytes) {
    std::ranges::copy(bytes, std::back_inserter(to));
}

std::vector<std::byte> packed(Bytes plain) {
    std::vector<std::byte> body(ZSTD_compressBound(plain.size()));
    body.resize(ZSTD_compress(body.data(), body.size(), plain.data(), plain.size(), 1));
    return body;
}

std::vector<std::byte> sealed(Bytes rest) {
    struct Entry {
        u8 kind;
        btrfs::le16 length;
    };
    const std::vector<dump_format::DeviceEntry> devices{{.devid = 1, .uuid = {}, .size_bytes = device_bytes},
                                                        {.devid = 2, .uuid = {}, .size_bytes = device_bytes}};
    dump_format::FileStart start;
    start.magic = dump_format::file_magic;
    start.version = dump_format::file_version;
    start.device_count = 2;
    u32 check = dump_image::check_of_start(start, devices);
    start.check = check;
    std::vector<std::byte> file;
    append(file, as_bytes_of(start));
    append(file, std::as_bytes(std::span(devices)));
    while (const auto* entry = view_at<Entry>(rest)) {
        const Bytes plain = clipped(rest, sizeof(Entry), entry->length);
        const bool is_end = (entry->kind & 1U) != 0;
        const auto body = is_end ? std::vector<std::byte>(plain.begin(), plain.end()) : packed(plain);
        dump_format::PieceHead head{
            .kind = static_cast<u32>(is_end ? dump_format::PieceKind::end : dump_format::PieceKind::bytes),
            .stored_bytes = static_cast<u32>(body.size()),
            .plain_bytes = static_cast<u32>(plain.size()),
            .check = 0};
        check = dump_image::check_of_piece(head, body, check);
        head.check = check;
        append(file, as_bytes_of(head));
        append(file, body);
        rest = rest.subspan(sizeof(Entry) + plain.size());
    }
    return file;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const Bytes rest = std::as_bytes(std::span(data, size)).subspan(1);
    const auto bytes = (data[0] & 1) != 0 ? std::vector<std::byte>(rest.begin(), rest.end()) : sealed(rest);
    std::size_t taken = 0;
    const StreamSource source{.name = "dump", .source = [&](MutableBytes out) -> Result<std::size_t> {
                                  const Bytes some = clipped(bytes, taken, out.size());
                                  std::ranges::copy(some, out.begin());
                                  taken += some.size();
                                  return some.size();
                              }};
    auto dump = dump_image::DumpReader::open(source);
    if (!dump || dump->devices().size() > 8) {
        return 0;
    }
    std::vector<std::unique_ptr<test::ZeroDevice>> below;
    std::vector<std::unique_ptr<OverlayDevice>> overlays;
    std::vector<WritableDevice*> devices;
    for (const auto& device : dump->devices()) {
        below.push_back(std::make_unique<test::ZeroDevice>("device", device.size_bytes));
        overlays.push_back(std::make_unique<OverlayDevice>(*below.back(), OverlayDevice::Room{}));
        devices.push_back(overlays.back().get());
    }
    constexpr u64 most_bytes = u64{16} << 20;
    const auto done = dump_image::restore(*dump, devices, {.most_bytes = most_bytes}, {});
    if (done && done->placed_bytes > most_bytes) {
        std::abort();
    }
    // Each place was checked before a device saw it.
    if (!done && done.error().kind == ErrorKind::io) {
        std::abort();
    }
    return 0;
}
