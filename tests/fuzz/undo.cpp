// SPDX-License-Identifier: MIT
// An undo file, read and undone. The lowest bit of the first byte says that the rest is taken as it is, the next one
// that the devices stand as the change has left them. Else the rest is records, each {kind, 1 byte; length, 2 bytes;
// body}, which get heads, links and the right end.
#include "libfs/ops/undo/undo.h"
#include "libfs/io/overlay_device.h"
#include "libfs/io/undo_chain.h"
#include "tests/support/zero_device.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include <sys/mman.h>

using namespace btrkit;

namespace {

using undo_format::RecordKind;

class ChainedFile {
public:
    ChainedFile() {
        const undo_format::FileStart start{
            .magic = undo_format::file_magic, .version = undo_format::file_version, .reserved = 0};
        append(as_bytes_of(start));
        link_ = undo_hash(as_bytes_of(start), 0);
    }

    void add(u32 kind, Bytes body) {
        undo_format::RecordHead head{.kind = kind, .length_bytes = static_cast<u32>(body.size()), .hash = 0};
        const u64 head_hash = undo_head_hash(head, link_);
        head.hash = static_cast<u32>(head_hash);
        link_ = undo_hash(body, head_hash);
        append(as_bytes_of(head));
        append(body);
        append(as_bytes_of(undo_format::Link(link_)));
        end_.record_count = end_.record_count + 1;
        if (kind == static_cast<u32>(RecordKind::pre_image) && body.size() >= sizeof(undo_format::BytesAt)) {
            end_.pre_image_bytes = end_.pre_image_bytes + body.size() - sizeof(undo_format::BytesAt);
        }
        if (kind == static_cast<u32>(RecordKind::born)) {
            end_.born_count = end_.born_count + body.size() / sizeof(undo_format::BornEntry);
        }
    }

    std::vector<std::byte> sealed() {
        const auto end = end_;
        add(static_cast<u32>(RecordKind::end), as_bytes_of(end));
        return bytes_;
    }

private:
    void append(Bytes bytes) { std::ranges::copy(bytes, std::back_inserter(bytes_)); }

    std::vector<std::byte> bytes_;
    u64 link_ = 0;
    undo_format::End end_;
};

std::vector<std::byte> chained(Bytes rest) {
    struct Entry {
        u8 kind;
        btrfs::le16 length;
    };
    ChainedFile file;
    while (const auto* entry = view_at<Entry>(rest)) {
        const Bytes body = clipped(rest, sizeof(Entry), entry->length);
        file.add(entry->kind, body);
        rest = rest.subspan(sizeof(Entry) + body.size());
    }
    return file.sealed();
}

/// Devices on which the superblocks stand, over nothing.
struct Devices {
    explicit Devices(const UndoReader& file, bool changed) {
        for (const auto& device : file.identity()->devices) {
            below.push_back(std::make_unique<test::ZeroDevice>(std::to_string(device.devid), device.size_bytes));
            overlays.push_back(std::make_unique<OverlayDevice>(*below.back(), OverlayDevice::Room{}));
            pointers.push_back(overlays.back().get());
            for (const auto& super : file.superblocks()) {
                if (super.devid == device.devid &&
                    !overlays.back()->write(super.offset, changed ? super.after : super.before)) {
                    std::abort();
                }
            }
        }
    }

    std::vector<std::unique_ptr<test::ZeroDevice>> below;
    std::vector<std::unique_ptr<OverlayDevice>> overlays;
    std::vector<WritableDevice*> pointers;
};

void undo_file_at(const std::string& path, bool changed) {
    const auto file = UndoReader::open(path);
    if (!file || !file->is_sealed()) {
        return;
    }
    const Devices devices(*file, changed);
    const std::vector<const BlockDevice*> readable(devices.pointers.begin(), devices.pointers.end());
    const auto planned = undo::plan(*file, readable, {});
    const auto done = undo::run(*file, devices.pointers, {});
    if (!planned && done) {
        std::abort();
    }
    if (!done) {
        return;
    }
    for (const auto& super : file->superblocks()) {
        std::vector<std::byte> found(super.before.size());
        const auto device = std::to_string(super.devid);
        const auto* place =
            *std::ranges::find_if(devices.pointers, [&](const auto* of) { return of->name() == device; });
        if (!place->read(super.offset, found) || found != super.before) {
            std::abort();
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const Bytes rest = std::as_bytes(std::span(data, size)).subspan(1);
    const bool is_raw = (data[0] & 1) != 0;
    const auto bytes = is_raw ? std::vector<std::byte>(rest.begin(), rest.end()) : chained(rest);
    const UniqueFd fd(::memfd_create("undo", MFD_CLOEXEC));
    if (!fd || ::write(fd.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        std::abort();
    }
    undo_file_at("/proc/self/fd/" + std::to_string(fd.get()), (data[0] & 2) != 0);
    return 0;
}
