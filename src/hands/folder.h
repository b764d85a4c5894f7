#pragma once

#include "base/result.h"
#include "hands/descriptor.h"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

/// Files below a folder that is held open: no path is ever walked again, no symbolic link followed.
namespace postern::hands {

struct Owner {
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0755;
};

class Folder {
 public:
  /// An absolute path. The folder itself must not be a link.
  static base::Result<Folder> open(const std::string& path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int descriptor() const { return descriptor_.get(); }

  /// The subfolder; made with this owner when missing, and given this owner when it is somebody
  /// else's. A link or a file in its place is an error.
  [[nodiscard]] base::Result<Folder> make(const std::string& name, const Owner& owner) const;
  /// The subfolder, which must be there; error not_found.
  [[nodiscard]] base::Result<Folder> sub(const std::string& name) const;
  /// Whether `name` here still is that very folder.
  [[nodiscard]] bool holds(const std::string& name, const Folder& folder) const;
  /// Owner and mode of this folder itself.
  [[nodiscard]] bool is_owned_by(const Owner& owner) const;
  [[nodiscard]] base::Result<void> own(const Owner& owner) const;

  /// Writes beside and renames, so that nothing that is there is written through (a planted link or
  /// pipe). A folder in its place goes, as by remove().
  [[nodiscard]] base::Result<void> write(const std::string& name, const std::string& bytes, mode_t mode) const;
  /// Owner and mode of a plain file of root's in this folder.
  [[nodiscard]] base::Result<void> give(const std::string& name, const Owner& owner) const;
  /// Whether there is a plain file of root's with one name.
  [[nodiscard]] bool is_roots(const std::string& name) const;
  /// A plain file of at most `most` bytes that belongs to root; error not_found when there is none.
  [[nodiscard]] base::Result<std::string> read(const std::string& name, std::size_t most) const;
  /// A root-owned log, opened to append. What is there and is not a plain file of root's with one
  /// name is renamed to "NAME.not-roots".
  [[nodiscard]] base::Result<Descriptor> open_log(const std::string& name) const;
  /// Makes `name` a symbolic link to `target`, in one step.
  [[nodiscard]] base::Result<void> link(const std::string& name, const std::string& target) const;
  /// What the symbolic link holds; empty when there is none.
  [[nodiscard]] std::string link_target(const std::string& name) const;
  /// What is there goes, as by remove().
  [[nodiscard]] base::Result<void> rename(const std::string& from, const std::string& to) const;
  /// Removes a file, a link, or a folder with all that is below it. Whoever's it is, the name is free
  /// then; of a folder that is not root's at most 1,000 files and folders are removed, what is left
  /// stays under a name that begins with a dot.
  [[nodiscard]] base::Result<void> remove(const std::string& name) const;
  /// In order; of more than `most` there are `most` + 1, any of them.
  [[nodiscard]] std::vector<std::string> names(std::size_t most = SIZE_MAX - 1) const;
  /// Sets the times of `name` ("" for the folder) back by `seconds`.
  void back_date(const std::string& name, int seconds) const;

 private:
  [[nodiscard]] base::Result<void> clear(std::size_t most) const;
  [[nodiscard]] base::Result<void> discard(const std::string& name) const;
  [[nodiscard]] Descriptor own_log(const std::string& name) const;
  [[nodiscard]] base::Result<void> place_log(const std::string& beside, const std::string& name) const;
  Folder(std::string path, Descriptor descriptor) : path_(std::move(path)), descriptor_(std::move(descriptor)) {}
  [[nodiscard]] base::Error failed(const std::string& name, const char* what) const;

  std::string path_;
  Descriptor descriptor_;
};

}  // namespace postern::hands
