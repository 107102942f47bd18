// SPDX-License-Identifier: MIT
// Where the space of a whole filesystem is: the small one in base.blocks with edits (see edited_image.h). The first
// byte chooses threads, memory and what is asked; the rest are the edits. The numbers must be the same at any number of
// threads and in any memory.
#include "libfs/ops/usage/files/files.h"
#include "libfs/ops/usage/map/map.h"
#include "tests/fuzz/edited_image.h"

#include <cstdlib>

using namespace btrkit;

namespace {

struct Numbers {
    std::vector<u64> all;

    void add(const usage::FileUse& use) {
        all.insert(all.end(),
                   {use.file_count, use.total_bytes, use.exclusive_bytes, use.set_shared_bytes, use.disk_bytes,
                    use.sole_disk_bytes, use.ref_count, use.fragment_count, use.wasted_bytes});
    }
    friend bool operator==(const Numbers&, const Numbers&) = default;
};

Numbers numbers_of(Bytes edits, const usage::FilesOptions& options, const RunContext& context) {
    std::vector<std::unique_ptr<BlockDevice>> devices;
    devices.push_back(fuzz::edited_image(edits));
    Numbers numbers;
    const auto filesystem = Filesystem::open(std::move(devices), {}, [](const Problem&) {});
    if (!filesystem) {
        return numbers;
    }
    if (const auto map = usage::draw_map(*filesystem, {}, context)) {
        numbers.all.push_back(map->space.overall.used_bytes);
        numbers.all.push_back(map->space.overall.free_statfs_bytes);
        for (const auto& device : map->devices) {
            numbers.all.push_back(device.cells.size());
        }
    }
    if (const auto files = usage::measure_files(*filesystem, options, context)) {
        numbers.add(files->all);
        for (const auto& subvolume : files->subvolumes) {
            numbers.add(subvolume.use);
        }
        for (const auto& line : files->lines) {
            numbers.all.push_back(line.total_bytes);
        }
    }
    return numbers;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const Bytes edits = std::as_bytes(std::span(data, size)).subspan(1);
    usage::FilesOptions options;
    if ((data[0] & 1) != 0) {
        options.paths = {"/"};
        options.lines = (data[0] & 2) != 0;
    }
    const auto numbers = numbers_of(edits, options, {});
    if ((data[0] & 4) != 0 && numbers_of(edits, options, {.parallelism = {.threads = 2}}) != numbers) {
        std::abort();
    }
    // (With very little memory sets of subvolumes may be too many, which is an error and no number.)
    if ((data[0] & 8) != 0 && numbers_of(edits, options, {.memory_bytes = u64{1} << 16}) != numbers) {
        std::abort();
    }
    return 0;
}
