// SPDX-License-Identifier: MIT
#include "libfs/io/blkid_probe.h"

namespace btrkit {

BlkidProbe make_blkid_probe(const HostFile& file, const Window& window) {
    BlkidProbe probe(window.length_bytes == 0 ? nullptr : ::blkid_new_probe(), &::blkid_free_probe);
    const bool is_set =
        probe != nullptr && ::blkid_probe_set_device(probe.get(), file.fd(), static_cast<blkid_loff_t>(window.offset),
                                                     static_cast<blkid_loff_t>(window.length_bytes)) == 0;
    return is_set ? std::move(probe) : BlkidProbe(nullptr, &::blkid_free_probe);
}

std::optional<std::string_view> blkid_value(const BlkidProbe& probe, const char* name) {
    const char* data = nullptr;
    std::size_t length = 0;
    if (::blkid_probe_lookup_value(probe.get(), name, &data, &length) != 0 || data == nullptr) {
        return std::nullopt;
    }
    return std::string_view(data, length > 0 ? length - 1 : 0);
}

} // namespace btrkit
