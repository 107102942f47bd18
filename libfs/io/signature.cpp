// SPDX-License-Identifier: MIT
#include "libfs/io/signature.h"

#include "libfs/base/names.h"
#include "libfs/io/blkid_probe.h"
#include "libfs/io/packing.h"

#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>

namespace btrkit {

namespace {

/// More than libblkid knows kinds of: who finds more goes round in circles.
constexpr int most_signatures = 1000;

struct Magic {
    u64 offset = 0;
    std::size_t length = 0;
};

Result<BlkidProbe> probe_for_signatures(const HostFile& file, const Window& window) {
    BlkidProbe probe = make_blkid_probe(file, window);
    if (probe == nullptr) {
        return file.failure("look for signatures");
    }
    ::blkid_probe_enable_superblocks(probe.get(), 1);
    ::blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_LABEL |
                                                         BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_BADCSUM);
    ::blkid_probe_enable_partitions(probe.get(), 1);
    ::blkid_probe_set_partitions_flags(probe.get(), BLKID_PARTS_MAGIC);
    return probe;
}

Signature signature_of(const BlkidProbe& probe) {
    if (const auto table = blkid_value(probe, "PTTYPE")) {
        return {.type = std::string(*table), .label = {}, .kind = Signature::Kind::partition_table};
    }
    const bool is_filesystem = blkid_value(probe, "USAGE") == "filesystem";
    return {.type = std::string(blkid_value(probe, "TYPE").value_or("unknown")),
            .label = std::string(blkid_value(probe, "LABEL").value_or("")),
            .kind = is_filesystem ? Signature::Kind::filesystem : Signature::Kind::other};
}

/// nullopt where libblkid does not tell by which bytes it knew.
std::optional<Magic> magic_of(const BlkidProbe& probe) {
    const bool is_table = blkid_value(probe, "PTTYPE").has_value();
    const auto offset = blkid_value(probe, is_table ? "PTMAGIC_OFFSET" : "SBMAGIC_OFFSET");
    const char* bytes = nullptr;
    Magic magic;
    if (!offset ||
        ::blkid_probe_lookup_value(probe.get(), is_table ? "PTMAGIC" : "SBMAGIC", &bytes, &magic.length) != 0) {
        return std::nullopt;
    }
    const auto [end, error] = std::from_chars(offset->data(), offset->data() + offset->size(), magic.offset);
    return error == std::errc() ? std::optional(magic) : std::nullopt;
}

/// Whether there is a next finding; an error of the device as such.
Result<bool> find_next(const BlkidProbe& probe, const HostFile& file) {
    errno = 0;
    const int found = ::blkid_do_probe(probe.get());
    if (found < 0) {
        return file.failure("look for signatures", std::strerror(errno != 0 ? errno : EIO));
    }
    return found == 0;
}

} // namespace

std::string Signature::text() const {
    switch (kind) {
    case Kind::partition_table: return fmt::format("{} partition table", type);
    case Kind::filesystem:
    case Kind::other: break;
    }
    auto text = fmt::format("{} {}", type, kind == Kind::filesystem ? "filesystem" : "signature");
    if (!label.empty()) {
        text += fmt::format(" (label \"{}\")", printable(label));
    }
    return text;
}

Result<std::vector<Signature>> find_signatures(const ImagePlace& place) {
    BTRKIT_TRY_ASSIGN(const auto file, HostFile::open(place.path, O_RDONLY));
    BTRKIT_TRY_ASSIGN(const auto length_bytes, length_in(place, file.size_bytes()));
    std::vector<Signature> found;
    if (length_bytes == 0) {
        return found;
    }
    BTRKIT_TRY_ASSIGN(const auto probe,
                      probe_for_signatures(file, {.offset = place.offset, .length_bytes = length_bytes}));
    for (int i = 0; i < most_signatures; ++i) {
        BTRKIT_TRY_ASSIGN(const auto is_more, find_next(probe, file));
        if (!is_more) {
            break;
        }
        found.push_back(signature_of(probe));
    }
    if (found.empty()) {
        BTRKIT_TRY_ASSIGN(const auto device, open_image(place));
        if (auto packing = find_packing(*device)) {
            found.push_back({.type = std::move(*packing), .label = {}, .kind = Signature::Kind::other});
        }
    }
    return found;
}

Result<void> wipe_signatures(const WritableImage& image) {
    WritableDevice& device = image.device();
    if (device.size_bytes() == 0) {
        return {};
    }
    const HostFile& file = image.file();
    BTRKIT_TRY_ASSIGN(const auto probe, probe_for_signatures(file, image.window()));
    for (int i = 0; i < most_signatures; ++i) {
        const auto is_more = find_next(probe, file);
        if (!is_more || !*is_more) {
            return is_more ? Result<void>() : std::unexpected(is_more.error());
        }
        const auto magic = magic_of(probe);
        if (!magic) {
            return file.failure("wipe", "no magic known of the " + signature_of(probe).text());
        }
        BTRKIT_TRY(device.write(magic->offset, std::vector<std::byte>(magic->length)));
        // The same prober again: it may know its kind by other places too (GPT has a second table).
        ::blkid_probe_step_back(probe.get());
    }
    return file.failure("wipe", "the signatures do not end");
}

} // namespace btrkit
