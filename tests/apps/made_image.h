// SPDX-License-Identifier: MIT
// A filesystem that btrkit-mkfs makes, with a subvolume and some files, to be damaged.
#pragma once

#include "tests/apps/mkfs_run.h"
#include "tests/support/image_bytes.h"

namespace btrkit::test {

class MadeImage {
public:
    explicit MadeImage(const std::vector<std::string>& options = {}, std::size_t device_count = 1,
                       const std::string& seed = "made") {
        std::filesystem::create_directories(folder_ / "root/docs/deep");
        std::filesystem::create_directories(folder_ / "root/sub");
        write_file(folder_ / "root/docs/deep/data", content());
        write_file(folder_ / "root/docs/small", "small");
        write_file(folder_ / "root/sub/inside", "inside");
        std::vector<std::string> arguments = options;
        arguments.insert(arguments.end(), {"-r", source(), "-u", "sub", "--seed", seed, "-L", "tested"});
        for (std::size_t i = 0; i < device_count; ++i) {
            arguments.push_back(path(i));
        }
        mkfs_well(arguments);
    }

    std::string path(std::size_t device = 0) const { return folder_ / ("image" + std::to_string(device)); }
    /// A path for a file of the test.
    std::string beside(std::string_view name) const { return folder_ / name; }
    /// The folder that it was made from.
    std::string source() const { return folder_ / "root"; }
    /// Of /docs/deep/data; no two of its sectors are the same.
    static std::vector<std::byte> content() {
        std::vector<std::byte> bytes(300'000);
        u64 random = 1;
        for (auto& byte : bytes) {
            random = random * 6364136223846793005 + 1442695040888963407;
            byte = static_cast<std::byte>(random >> 56U);
        }
        return bytes;
    }

    SparseBytes bytes(std::size_t device = 0) const { return image_bytes_of(path(device)); }
    void change(const std::function<void(SparseBytes&)>& change, std::size_t device = 0) const {
        SparseBytes all = bytes(device);
        change(all);
        write_image(path(device), all);
    }
    /// Spoils the n-th copy of the file's data that the device has, some bytes behind its beginning. A copy whose first
    /// sector is spoiled is not found again.
    void spoil_data(std::size_t offset, std::size_t copy = 0, std::size_t device = 0) const {
        change(
            [&](SparseBytes& all) {
                const auto wanted = content();
                const std::string_view head(reinterpret_cast<const char*>(wanted.data()), 4096);
                auto at = find_text(all, head);
                for (std::size_t i = 0; at && i < copy; ++i) {
                    at = find_text(all, head, *at + 1);
                }
                REQUIRE(at);
                all.part(*at + offset)[0] ^= std::byte{1};
            },
            device);
    }

private:
    TemporaryFolder folder_;
};

} // namespace btrkit::test
