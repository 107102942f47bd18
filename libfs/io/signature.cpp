// SPDX-License-Identifier: MIT
#include "libfs/io/signature.h"

#include "libfs/base/names.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <vector>

#include <blkid/blkid.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace btrkit {

namespace {

/// More than libblkid knows kinds of: who finds more goes round in circles.
constexpr int most_signatures = 1000;

using Probe = std::unique_ptr<std::remove_pointer_t<blkid_probe>, decltype(&::blkid_free_probe)>;

struct Magic {
    u64 offset = 0;
    std::size_t length = 0;
};

Result<Probe> probe_of(const HostFile& file) {
    Probe probe(::blkid_new_probe(), &::blkid_free_probe);
    // libblkid calls it an error where there is too little for anything to stand.
    if (probe == nullptr || ::blkid_probe_set_device(probe.get(), file.fd(), 0, 0) != 0) {
        return file.failure("look for signatures");
    }
    ::blkid_probe_enable_superblocks(probe.get(), 1);
    ::blkid_probe_set_superblocks_flags(probe.get(), BLKID_SUBLKS_TYPE | BLKID_SUBLKS_USAGE | BLKID_SUBLKS_LABEL |
                                                         BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_BADCSUM);
    ::blkid_probe_enable_partitions(probe.get(), 1);
    ::blkid_probe_set_partitions_flags(probe.get(), BLKID_PARTS_MAGIC);
    return probe;
}

/// The text or bytes of a value of what the probe has found last; without the zero behind it.
std::optional<std::string_view> value_of(const Probe& probe, const char* name) {
    const char* data = nullptr;
    std::size_t length = 0;
    if (::blkid_probe_lookup_value(probe.get(), name, &data, &length) != 0 || data == nullptr) {
        return std::nullopt;
    }
    return std::string_view(data, length > 0 ? length - 1 : 0);
}

std::string description_of(const Probe& probe) {
    if (const auto table = value_of(probe, "PTTYPE")) {
        return fmt::format("{} partition table", *table);
    }
    const bool is_filesystem = value_of(probe, "USAGE") == "filesystem";
    auto text =
        fmt::format("{} {}", value_of(probe, "TYPE").value_or("unknown"), is_filesystem ? "filesystem" : "signature");
    if (const auto label = value_of(probe, "LABEL"); label && !label->empty()) {
        text += fmt::format(" (label \"{}\")", printable(*label));
    }
    return text;
}

/// nullopt where libblkid does not tell by which bytes it knew.
std::optional<Magic> magic_of(const Probe& probe) {
    const bool is_table = value_of(probe, "PTTYPE").has_value();
    const auto offset = value_of(probe, is_table ? "PTMAGIC_OFFSET" : "SBMAGIC_OFFSET");
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
Result<bool> find_next(const Probe& probe, const HostFile& file) {
    errno = 0;
    const int found = ::blkid_do_probe(probe.get());
    if (found < 0) {
        return file.failure("look for signatures", std::strerror(errno != 0 ? errno : EIO));
    }
    return found == 0;
}

} // namespace

Result<std::optional<std::string>> find_signature(const std::string& path) {
    BTRKIT_TRY_ASSIGN(const auto file, HostFile::open(path, O_RDONLY));
    if (file.size_bytes() == 0) {
        return std::nullopt;
    }
    BTRKIT_TRY_ASSIGN(const auto probe, probe_of(file));
    std::vector<std::string> found;
    for (int i = 0; i < most_signatures; ++i) {
        BTRKIT_TRY_ASSIGN(const auto is_more, find_next(probe, file));
        if (!is_more) {
            break;
        }
        found.push_back(description_of(probe));
    }
    return found.empty() ? std::nullopt : std::optional(fmt::format("{}", fmt::join(found, " and ")));
}

Result<void> wipe_signatures(WritableFile& device) {
    if (device.size_bytes() == 0) {
        return {};
    }
    BTRKIT_TRY_ASSIGN(const auto probe, probe_of(device.file()));
    for (int i = 0; i < most_signatures; ++i) {
        const auto is_more = find_next(probe, device.file());
        if (!is_more || !*is_more) {
            return is_more ? Result<void>() : std::unexpected(is_more.error());
        }
        const auto magic = magic_of(probe);
        if (!magic) {
            return device.file().failure("wipe", "no magic known of the " + description_of(probe));
        }
        BTRKIT_TRY(device.write(magic->offset, std::vector<std::byte>(magic->length)));
        // The same prober again: it may know its kind by other places too (GPT has a second table).
        ::blkid_probe_step_back(probe.get());
    }
    return device.file().failure("wipe", "the signatures do not end");
}

} // namespace btrkit
