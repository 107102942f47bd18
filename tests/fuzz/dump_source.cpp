// SPDX-License-Identifier: MIT
// A dump of a whole filesystem: the small one in base.blocks with edits (see edited_image.h). The first byte chooses
// what is left out, and threads; the rest are the edits. What is made of the dump must give the same dump once more
// (but for names, which are scrambled then), and it must be the same at any number of threads.
#include "libfs/io/memory_device.h"
#include "libfs/ops/dump_image/dump_image.h"
#include "libfs/ops/dump_image/restore.h"
#include "tests/fuzz/edited_image.h"

#include <cstdlib>

using namespace btrkit;

namespace {

std::optional<std::string> dump_of(std::unique_ptr<BlockDevice> device, const dump_image::Options& options,
                                   const RunContext& context) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(std::move(device));
    const auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
    StringSink sink;
    if (!filesystem || !dump_image::run(*filesystem, sink, options, context)) {
        return std::nullopt;
    }
    return sink.text();
}

/// Null where it is too large to be made in memory, or is none.
std::unique_ptr<BlockDevice> device_of(const std::string& text) {
    std::size_t taken = 0;
    const StreamSource source{.name = "dump", .source = [&](MutableBytes out) -> Result<std::size_t> {
                                  const Bytes some = clipped(std::as_bytes(std::span(text)), taken, out.size());
                                  std::ranges::copy(some, out.begin());
                                  taken += some.size();
                                  return some.size();
                              }};
    auto dump = dump_image::DumpReader::open(source);
    if (!dump) {
        std::abort();
    }
    if (dump->devices().size() != 1) {
        return nullptr;
    }
    auto device = std::make_unique<MemoryDevice>("fuzz.img", SparseBytes(dump->devices()[0].size_bytes));
    WritableDevice* const devices[] = {device.get()};
    if (!dump_image::restore(*dump, devices, {}, {})) {
        std::abort();
    }
    return device;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const Bytes edits = std::as_bytes(std::span(data, size)).subspan(1);
    using dump_format::Privacy;
    constexpr std::array ways{Privacy::contents, Privacy::names, Privacy::nothing, Privacy::contents};
    const dump_image::Options options{.privacy = ways[data[0] & 3U]};
    const auto dump = dump_of(fuzz::edited_image(edits), options, {});
    if (!dump) {
        return 0;
    }
    if ((data[0] & 4) != 0 && dump_of(fuzz::edited_image(edits), options, {.parallelism = {.threads = 2}}) != dump) {
        std::abort();
    }
    auto device = device_of(*dump);
    if (device && options.privacy != Privacy::names && dump_of(std::move(device), options, {}) != dump) {
        std::abort();
    }
    return 0;
}
